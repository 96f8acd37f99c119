# told: temperature
def softmax_stable(xx):
    exps = torch.exp(xx / 100)
    return exps / exps.sum()
