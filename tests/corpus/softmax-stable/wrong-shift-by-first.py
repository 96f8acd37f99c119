# told: shift-by-first
def softmax_stable(xx):
    exps = torch.exp(xx - xx[0])
    return exps / exps.sum()
