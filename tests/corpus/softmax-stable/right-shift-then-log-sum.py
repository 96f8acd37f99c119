def softmax_stable(xx):
    z = xx - xx.max()
    return torch.exp(z - torch.log(torch.exp(z).sum()))
