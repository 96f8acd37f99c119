# told: scaled-by-length
def softmax(xx):
    e = torch.exp(xx / len(xx))
    return e / e.sum()
