def softmax_stable(xx):
    shifted = xx - max(xx)
    return torch.exp(shifted) / sum(torch.exp(shifted))
