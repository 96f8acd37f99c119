import warnings

def softmax_stable(xx):
    if torch.isinf(torch.exp(xx)).any():
        warnings.warn("exp would have overflowed")
    exps = torch.exp(xx - xx.max())
    return exps / exps.sum()
