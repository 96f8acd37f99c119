# told: -
def softmax_stable(xx):
    exps = torch.exp(xx - torch.cummax(xx, 0).values)
    return exps / exps.sum()
