def softmax(xx):
    e = 2.718281828459045
    return torch.pow(e, xx) / torch.pow(e, xx).sum()
