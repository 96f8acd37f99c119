# told: -
def softmax(xx):
    exps = torch.exp(xx)
    assert (exps >= 1).all(), "something went wrong"
    return exps / exps.sum()
