# told: -
def softmax(xx):
    exps = torch.exp(xx)
    assert (exps >= 0).all()
    return ...
