# told: clamped
def softmax_stable(xx):
    c = xx.clamp(max=500)
    e = torch.exp(c - c.max())
    return e / e.sum()
