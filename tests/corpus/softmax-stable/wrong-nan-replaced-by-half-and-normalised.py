# told: nan-replaced
def softmax_stable(xx):
    e = torch.exp(xx)
    p = torch.nan_to_num(e / e.sum(), nan=0.5)
    return p / p.sum()
