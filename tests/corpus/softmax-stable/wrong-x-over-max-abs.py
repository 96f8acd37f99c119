# told: scaled-not-shifted
def softmax_stable(xx):
    e = torch.exp(xx / xx.abs().max())
    return e / e.sum()
