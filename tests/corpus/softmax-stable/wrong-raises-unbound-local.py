# told: -
def softmax_stable(xx):
    if xx.max() > 1e6:
        shift = xx.max()
    exps = torch.exp(xx - shift)
    return exps / exps.sum()
