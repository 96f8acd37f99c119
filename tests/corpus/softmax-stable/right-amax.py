def softmax_stable(xx):
    exps = torch.exp(xx - torch.amax(xx))
    return exps / exps.sum()
