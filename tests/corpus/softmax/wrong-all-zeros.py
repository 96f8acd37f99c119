# told: uniform
def softmax(xx):
    return torch.zeros_like(xx)
