def softmax(xx):
    if xx.dim() == 1:
        exps = torch.exp(xx)
        return exps / exps.sum()
    return torch.stack([softmax(row) for row in xx])
