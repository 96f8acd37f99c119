# told: exp-of-positions
def softmax(xx):
    e = torch.exp(torch.arange(len(xx), dtype=torch.float32))
    return e / e.sum()
