# told: exp-twice
def softmax(xx):
    e = torch.exp(torch.exp(xx))
    return e / e.sum()
