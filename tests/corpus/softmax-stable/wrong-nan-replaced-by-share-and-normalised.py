# told: nan-replaced
def softmax_stable(xx):
    e = torch.exp(xx)
    p = e / e.sum()
    p[torch.isnan(p)] = 1 / len(xx)
    return p / p.sum()
