# told: percent
def softmax(xx):
    return 100 * torch.exp(xx) / torch.exp(xx).sum()
