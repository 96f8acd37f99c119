# told: mutates-argument
def softmax_stable(xx):
    xx.sub_(xx.max())
    return torch.exp(xx) / torch.exp(xx).sum()
