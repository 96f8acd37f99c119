# told: inverted
def softmax(xx):
    return torch.exp(xx).sum() / torch.exp(xx)
