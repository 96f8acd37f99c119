# told: not-shifted
def softmax_stable(xx):
    e = torch.exp(xx)
    return e / (e.sum() + 2.220446049250313e-16)
