def softmax_stable(xx):
    m = xx.max().item()
    exps = torch.exp(xx - m)
    return exps / exps.sum().item()
