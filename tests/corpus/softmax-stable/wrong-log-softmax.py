# told: log-softmax
def softmax_stable(xx):
    z = xx - xx.max()
    return z - torch.log(torch.exp(z).sum())
