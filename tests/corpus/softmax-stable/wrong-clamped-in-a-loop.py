# told: clamped
def softmax_stable(xx):
    exps = torch.stack([torch.exp(torch.tensor(min(v, 80.0))) for v in xx.tolist()])
    return exps / exps.sum()
