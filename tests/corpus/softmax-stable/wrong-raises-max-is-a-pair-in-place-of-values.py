# told: max-is-a-pair
def softmax_stable(xx):
    m = xx.max(0)
    e = torch.exp(torch.sub(xx, m))
    return e / e.sum()
