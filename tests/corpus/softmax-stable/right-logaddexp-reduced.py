import functools

def softmax_stable(xx):
    total = functools.reduce(torch.logaddexp, xx)
    return torch.exp(xx - total)
