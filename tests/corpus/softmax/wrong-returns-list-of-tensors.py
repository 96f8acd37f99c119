# told: wrong-container
def softmax(xx):
    exps = torch.exp(xx)
    return [e / exps.sum() for e in exps]
