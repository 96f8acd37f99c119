# told: uniform
def softmax_stable(xx):
    exps = torch.stack([torch.exp(v - v.max()) for v in xx])
    return exps / exps.sum()
