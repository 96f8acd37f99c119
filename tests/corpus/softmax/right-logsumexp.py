def softmax(xx):
    return torch.exp(xx - torch.logsumexp(xx, dim=0))
