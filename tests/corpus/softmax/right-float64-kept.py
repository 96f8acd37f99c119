def softmax(xx):
    exps = torch.exp(xx.to(torch.float64))
    return exps / exps.sum()
