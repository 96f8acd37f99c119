# told: clamped
def softmax_stable(xx):
    c = xx.clamp(-88, 88)
    e = torch.exp(c - c.max())
    return e / e.sum()
