# told: weighted-by-x
def softmax(xx):
    e = torch.exp(xx)
    return xx * e / e.sum()
