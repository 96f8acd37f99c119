# told: scaled-inputs
def softmax(xx):
    e = torch.exp(xx / xx.norm())
    return e / e.sum()
