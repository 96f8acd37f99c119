def softmax_stable(xx, dim=0):
    exps = torch.exp(xx - xx.amax(dim=dim, keepdim=True))
    return exps / exps.sum(dim=dim, keepdim=True)
