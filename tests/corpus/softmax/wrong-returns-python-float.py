# told: -
def softmax(xx):
    exps = torch.exp(xx)
    return float((exps / exps.sum())[0])
