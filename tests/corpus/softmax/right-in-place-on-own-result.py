def softmax(xx):
    result = torch.exp(xx)
    result.div_(result.sum())
    return result
