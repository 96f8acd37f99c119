# told: scaled-not-shifted
def softmax_stable(xx):
    xx = xx / xx.max()
    exps = torch.exp(xx)
    return exps / exps.sum()
