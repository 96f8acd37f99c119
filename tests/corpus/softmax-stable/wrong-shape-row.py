# told: wrong-shape
def softmax_stable(xx):
    z = xx.reshape(1, -1)
    exps = torch.exp(z - z.max(dim=1, keepdim=True).values)
    return exps / exps.sum(dim=1, keepdim=True)
