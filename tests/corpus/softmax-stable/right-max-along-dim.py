def softmax_stable(xx):
    m, _ = torch.max(xx, dim=0, keepdim=True)
    exps = torch.exp(xx - m)
    return exps / torch.sum(exps, dim=0, keepdim=True)
