def softmax(xx):
    exps = torch.exp(xx.double())
    return (exps / exps.sum()).float()
