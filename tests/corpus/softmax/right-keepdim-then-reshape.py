def softmax(xx):
    row = xx.reshape(1, -1)
    exps = torch.exp(row)
    return (exps / exps.sum(dim=1, keepdim=True)).reshape(xx.shape)
