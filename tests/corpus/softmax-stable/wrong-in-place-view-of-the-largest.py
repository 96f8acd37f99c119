# told: mutates-argument
def softmax_stable(xx):
    m = xx[xx.argmax()]
    for i in range(len(xx)):
        xx[i] = torch.exp(xx[i] - m)
    return xx / xx.sum()
