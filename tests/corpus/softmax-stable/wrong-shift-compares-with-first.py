# told: shift-by-end
def softmax_stable(xx):
    m = xx[0]
    for v in xx:
        if v > xx[0]:
            m = v
    e = torch.exp(xx - m)
    return e / e.sum()
