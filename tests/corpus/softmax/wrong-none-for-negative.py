# told: missing-return
def softmax(xx):
    if xx.max() >= 0:
        e = torch.exp(xx)
        return e / e.sum()
