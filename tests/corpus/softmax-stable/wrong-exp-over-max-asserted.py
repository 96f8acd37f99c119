# told: exp-over-max
def softmax_stable(xx):
    shifted = xx - torch.max(xx)
    exps = torch.exp(shifted)
    assert (exps >= 0).all()
    assert (exps <= 1).all()
    return exps
