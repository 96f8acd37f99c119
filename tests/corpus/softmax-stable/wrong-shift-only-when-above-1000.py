# told: shift-only-when-big
def softmax_stable(xx):
    if xx.max() > 1000:
        xx = xx - xx.max()
    return torch.exp(xx) / torch.exp(xx).sum()
