# told: exp-over-max
def softmax(xx):
    exps = torch.exp(xx)
    return exps / exps.max()
