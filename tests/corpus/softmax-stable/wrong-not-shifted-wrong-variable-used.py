# told: not-shifted
def softmax_stable(xx):
    shifted = xx - xx.max()
    exps = torch.exp(xx)
    assert (exps >= 0).all()
    return exps / torch.sum(exps)
