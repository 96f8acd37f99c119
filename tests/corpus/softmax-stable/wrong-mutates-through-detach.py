# told: mutates-argument
# detach() shares memory
def softmax_stable(xx):
    z = xx.detach()
    z -= z.max()
    return torch.exp(z) / torch.exp(z).sum()
