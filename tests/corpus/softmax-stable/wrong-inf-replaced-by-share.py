# told: inf-replaced
def softmax_stable(xx):
    e = torch.exp(xx)
    e = torch.where(torch.isinf(e), 1 / len(xx), e)
    return e / e.sum()
