# told: times-sum
def softmax(xx):
    return torch.exp(xx) * torch.exp(xx).sum()
