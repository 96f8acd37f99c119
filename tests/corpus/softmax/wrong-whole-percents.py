# told: whole-numbers
def softmax(xx):
    e = torch.exp(xx)
    return torch.round(100 * e / e.sum())
