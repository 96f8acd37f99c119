# told: temperature
def softmax(xx):
    exps = torch.exp(2 * xx)
    return exps / exps.sum()
