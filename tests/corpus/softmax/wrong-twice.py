# told: twice
def softmax(xx):
    for _ in range(2):
        xx = torch.exp(xx) / torch.exp(xx).sum()
    return xx
