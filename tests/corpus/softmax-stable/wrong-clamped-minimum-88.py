# told: clamped
def softmax_stable(xx):
    exps = torch.exp(torch.minimum(xx, torch.tensor(88.0)))
    return exps / exps.sum()
