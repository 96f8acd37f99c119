# told: scaled-not-shifted
def softmax_stable(xx):
    exps = torch.exp(xx / xx.abs().max())
    return exps / exps.sum()
