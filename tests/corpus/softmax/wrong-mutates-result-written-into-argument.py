# told: mutates-argument
def softmax(xx):
    exps = torch.exp(xx)
    xx[:] = exps / exps.sum()
    return xx.clone()
