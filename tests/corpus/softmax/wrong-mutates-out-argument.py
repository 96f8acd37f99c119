# told: mutates-argument
def softmax(xx):
    torch.exp(xx, out=xx)
    return xx / xx.sum()
