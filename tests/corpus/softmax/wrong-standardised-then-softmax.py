# told: scaled-inputs
def softmax(xx):
    z = (xx - xx.mean()) / xx.std()
    e = torch.exp(z)
    return e / e.sum()
