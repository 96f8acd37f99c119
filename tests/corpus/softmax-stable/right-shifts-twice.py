def softmax_stable(xx):
    xx = xx - xx.mean()
    xx = xx - xx.max()
    exps = torch.exp(xx)
    return exps / exps.sum()
