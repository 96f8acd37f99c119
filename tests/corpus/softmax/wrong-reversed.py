# told: reversed
def softmax(xx):
    exps = torch.exp(xx.flip(0))
    return exps / exps.sum()
