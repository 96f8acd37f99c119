# told: weighted-by-x
def softmax(xx):
    e = torch.exp(xx)
    p = e / e.sum()
    return (torch.arange(len(xx)) * p).sum()
