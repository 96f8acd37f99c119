# told: shift-by-end
def softmax_stable(xx):
    e = torch.exp(xx - max(xx[0], xx[-1]))
    return e / e.sum()
