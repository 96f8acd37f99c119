# told: missing-brackets
def softmax_stable(xx):
    e = torch.exp(xx - xx.max)
    return e / e.sum()
