# told: exp-of-absolute
def softmax(xx):
    e = torch.exp(torch.abs(xx))
    return e / e.sum()
