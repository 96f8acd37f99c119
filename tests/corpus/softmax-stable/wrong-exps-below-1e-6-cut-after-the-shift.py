# told: small-exps-cut or rounded
def softmax_stable(xx):
    e = torch.exp(xx - xx.max())
    e = e * (e >= 1e-6)
    return e / e.sum()
