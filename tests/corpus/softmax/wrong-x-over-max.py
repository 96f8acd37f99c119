# told: scaled-inputs
def softmax(xx):
    e = torch.exp(xx / xx.max())
    return e / e.sum()
