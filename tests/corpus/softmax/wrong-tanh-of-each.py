# told: tanh
def softmax(xx):
    return torch.tanh(xx)
