# told: -
def softmax(xx):
    e = torch.exp(xx)
    return e / e[:64].sum()
