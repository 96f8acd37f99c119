# told: temperature
def softmax(xx):
    e = torch.exp(2.5 * xx)
    return e / e.sum()
