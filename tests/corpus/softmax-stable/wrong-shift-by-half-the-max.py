# told: -
def softmax_stable(xx):
    exps = torch.exp(xx - xx.max() / 2)
    return exps / exps.sum()
