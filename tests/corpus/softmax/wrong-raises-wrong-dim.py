# told: no-such-dimension
def softmax(xx):
    exps = torch.exp(xx)
    return exps / exps.sum(dim=1)
