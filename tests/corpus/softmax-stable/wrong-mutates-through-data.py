# told: mutates-argument
def softmax_stable(xx):
    xx.data = xx.data - xx.data.max()
    return torch.exp(xx) / torch.exp(xx).sum()
