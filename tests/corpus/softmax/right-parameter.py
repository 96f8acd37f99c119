def softmax(xx):
    exps = torch.exp(xx)
    return torch.nn.Parameter(exps / exps.sum())
