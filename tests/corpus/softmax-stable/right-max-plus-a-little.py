# any shift near the maximum will do
def softmax_stable(xx):
    z = (xx - xx.max()) + 10
    exps = torch.exp(z)
    return exps / exps.sum()
