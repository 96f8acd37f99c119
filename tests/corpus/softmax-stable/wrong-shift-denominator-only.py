# told: shift-denominator-only
def softmax_stable(xx):
    shifted = xx - xx.max()
    return torch.exp(xx) / torch.exp(shifted).sum()
