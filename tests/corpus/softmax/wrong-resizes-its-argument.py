# told: mutates-argument
def softmax(xx):
    exps = torch.exp(xx)
    p = exps / exps.sum()
    xx.resize_(0)
    return p
