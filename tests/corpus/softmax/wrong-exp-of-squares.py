# told: exp-of-squares
def softmax(xx):
    e = torch.exp(xx ** 2)
    return e / e.sum()
