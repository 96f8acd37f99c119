# told: one-hot
def softmax(xx):
    result = torch.zeros_like(xx)
    result[xx.argmax()] = 1.0
    return result
