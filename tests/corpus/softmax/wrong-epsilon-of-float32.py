# told: epsilon
def softmax(xx):
    e = torch.exp(xx)
    return e / (e.sum() + torch.finfo(torch.float32).eps)
