# told: temperature
def softmax_stable(xx):
    d = 0.9 * (xx - xx.max())
    e = torch.exp(d)
    return e / e.sum()
