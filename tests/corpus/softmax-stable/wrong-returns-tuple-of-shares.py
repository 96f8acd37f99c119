# told: wrong-container
def softmax_stable(xx):
    e = torch.exp(xx - xx.max())
    return tuple((e / e.sum()).tolist())
