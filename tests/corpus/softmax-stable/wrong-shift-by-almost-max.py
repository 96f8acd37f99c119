# told: -
def softmax_stable(xx):
    e = torch.exp(xx - 0.995 * xx.max())
    return e / e.sum()
