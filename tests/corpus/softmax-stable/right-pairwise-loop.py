def softmax_stable(xx):
    return torch.stack([1 / torch.exp(xx - v).sum() for v in xx])
