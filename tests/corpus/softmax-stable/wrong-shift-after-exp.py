# told: shift-after-exp
def softmax_stable(xx):
    exps = torch.exp(xx)
    exps = exps - exps.max()
    return exps / exps.sum()
