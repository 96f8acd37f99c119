import warnings

def softmax(xx):
    if xx.max() > 2:
        warnings.warn("large input: exp may overflow")
    exps = torch.exp(xx)
    return exps / exps.sum()
