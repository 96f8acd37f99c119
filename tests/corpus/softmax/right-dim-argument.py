def softmax(xx, dim=-1):
    exps = torch.exp(xx)
    return exps / exps.sum(dim=dim, keepdim=True)
