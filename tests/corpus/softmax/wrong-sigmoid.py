# told: sigmoid
def softmax(xx):
    return torch.sigmoid(xx)
