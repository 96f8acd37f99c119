# told: wrong-shape
# every shift against every element
def softmax_stable(xx):
    z = xx[:, None] - xx[None, :]
    z = z - z.max(dim=0, keepdim=True).values
    exps = torch.exp(z)
    return exps / exps.sum(dim=0)
