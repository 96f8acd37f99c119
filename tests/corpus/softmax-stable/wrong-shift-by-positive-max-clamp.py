# told: shift-only-when-big
def softmax_stable(xx):
    exps = torch.exp(xx - xx.max().clamp(min=0))
    return exps / exps.sum()
