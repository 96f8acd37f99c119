# told: epsilon
def softmax(xx):
    exps = torch.exp(xx)
    return exps / (exps.sum() + 1e-3)
