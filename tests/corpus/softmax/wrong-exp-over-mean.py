# told: exp-over-mean
def softmax(xx):
    exps = torch.exp(xx)
    return exps / exps.mean()
