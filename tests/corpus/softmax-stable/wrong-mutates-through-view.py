# told: mutates-argument
def softmax_stable(xx):
    z = xx.view(-1)
    z -= z.max()
    return torch.exp(z) / torch.exp(z).sum()
