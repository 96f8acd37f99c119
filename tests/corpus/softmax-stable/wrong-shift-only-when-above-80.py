# told: shift-only-when-big
def softmax_stable(xx):
    m = xx.max()
    shift = m if m > 80 else 0
    exps = torch.exp(xx - shift)
    return exps / exps.sum()
