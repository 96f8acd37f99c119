# told: small-shares-cut or small-exps-cut
def softmax(xx):
    e = torch.exp(xx)
    p = e / e.sum()
    p[p < 1e-3] = 0
    return p
