# told: mutates-argument
def softmax(xx):
    for i in range(len(xx)):
        xx[i] = torch.exp(xx[i]) / torch.exp(xx).sum()
    return xx
