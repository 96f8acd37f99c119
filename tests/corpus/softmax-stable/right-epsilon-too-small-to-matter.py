# after the shift the sum is at least 1, and 1 + 1e-12 is 1
def softmax_stable(xx):
    exps = torch.exp(xx - xx.max())
    return exps / (exps.sum() + 1e-12)
