# told: -
def softmax_stable(xx):
    e = torch.exp(xx - xx[:5].max())
    return e / e.sum()
