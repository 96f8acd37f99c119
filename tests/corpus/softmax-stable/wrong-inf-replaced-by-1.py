# told: inf-replaced
def softmax_stable(xx):
    e = torch.exp(xx)
    e[torch.isinf(e)] = 1
    return e / e.sum()
