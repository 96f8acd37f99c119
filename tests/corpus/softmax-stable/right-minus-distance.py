def softmax_stable(xx):
    exps = torch.exp(-(xx - xx.max()).abs())
    return exps / exps.sum()
