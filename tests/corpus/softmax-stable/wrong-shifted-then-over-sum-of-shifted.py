# told: exp-over-sum-of-x
def softmax_stable(xx):
    d = xx - xx.max()
    return torch.exp(d) / d.sum()
