# told: uniform
def softmax(xx):
    return torch.ones_like(xx) / len(xx)
