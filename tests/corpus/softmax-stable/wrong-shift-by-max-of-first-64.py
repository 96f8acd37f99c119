# told: -
def softmax_stable(xx):
    exps = torch.exp(xx - xx[:64].max())
    return exps / exps.sum()
