# told: mutates-argument
def softmax_stable(xx):
    xx[:] = xx - xx.max()
    return torch.exp(xx) / torch.exp(xx).sum()
