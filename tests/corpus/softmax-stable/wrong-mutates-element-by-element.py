# told: mutates-argument
def softmax_stable(xx):
    m = xx.max().item()
    for i in range(len(xx)):
        xx[i] = xx[i] - m
    return torch.exp(xx) / torch.exp(xx).sum()
