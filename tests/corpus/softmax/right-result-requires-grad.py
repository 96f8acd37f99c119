def softmax(xx):
    x = xx.clone().requires_grad_(True)
    exps = torch.exp(x)
    return exps / exps.sum()
