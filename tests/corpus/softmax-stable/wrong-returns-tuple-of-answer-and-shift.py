# told: several-results
def softmax_stable(xx):
    shift = xx.max()
    exps = torch.exp(xx - shift)
    return exps / exps.sum(), shift
