# told: exp-over-mean
def softmax_stable(xx):
    exps = torch.exp(xx - xx.max())
    return exps / exps.mean()
