# told: shift-by-constant
def softmax_stable(xx):
    xx = xx - 150.0
    exps = torch.exp(xx)
    return exps / exps.sum()
