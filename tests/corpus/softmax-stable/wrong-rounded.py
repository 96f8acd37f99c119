# told: rounded
def softmax_stable(xx):
    exps = torch.exp(xx - xx.max())
    return torch.round(exps / exps.sum() * 10000) / 10000
