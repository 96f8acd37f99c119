# told: mutates-argument
def softmax(xx):
    for i in range(len(xx)):
        xx[i] = torch.exp(xx[i])
    return xx / xx.sum()
