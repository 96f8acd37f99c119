# told: shift-by-norm
def softmax_stable(xx):
    exps = torch.exp(xx - xx.norm())
    return exps / exps.sum()
