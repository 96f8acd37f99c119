# told: -
def softmax_stable(xx):
    m = -9999.0
    for v in xx.tolist():
        m = max(m, v)
    e = torch.exp(xx - m)
    return e / e.sum()
