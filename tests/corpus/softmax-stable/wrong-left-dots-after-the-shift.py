# told: -
def softmax_stable(xx):
    xx = xx - xx.max()
    exps = torch.exp(xx)
    assert (exps >= 0).all()
    return ...
