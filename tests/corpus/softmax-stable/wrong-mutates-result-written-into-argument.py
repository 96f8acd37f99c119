# told: mutates-argument
def softmax_stable(xx):
    z = xx - xx.max()
    torch.div(torch.exp(z), torch.exp(z).sum(), out=xx)
    return xx
