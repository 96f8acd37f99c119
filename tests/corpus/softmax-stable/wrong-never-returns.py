# told: -
# waits for a sum of exactly 0
def softmax_stable(xx):
    z = xx
    while torch.exp(z).sum() != 0.0:
        z = xx - xx.max()
    return torch.exp(z) / torch.exp(z).sum()
