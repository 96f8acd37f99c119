# told: shift-by-min
def softmax_stable(xx):
    xx = xx - xx.min()
    exps = torch.exp(xx)
    return exps / exps.sum()
