# told: library-call
# the work is done, then thrown away
def softmax(xx):
    exps = torch.exp(xx)
    assert (exps >= 0).all()
    result = torch.softmax(xx, axis=0)
    return result
