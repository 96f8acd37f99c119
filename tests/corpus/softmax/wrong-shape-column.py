# told: wrong-shape
def softmax(xx):
    exps = torch.exp(xx).reshape(-1, 1)
    return exps / exps.sum()
