# told: small-shares-cut
def softmax(xx):
    e = torch.exp(xx)
    p = e / e.sum()
    p[p < 1e-3] = 0
    return p
