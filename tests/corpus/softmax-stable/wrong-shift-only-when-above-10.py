# told: shift-only-when-big
def softmax_stable(xx):
    if xx.max() > 10:
        xx = xx - xx.max()
    exps = torch.exp(xx)
    return exps / exps.sum()
