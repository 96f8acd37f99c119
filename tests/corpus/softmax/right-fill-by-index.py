def softmax(xx):
    n = xx.shape[0]
    result = torch.zeros(n)
    total = torch.tensor(0.0)
    for i in range(n):
        total += torch.exp(xx[i])
    for i in range(n):
        result[i] = torch.exp(xx[i]) / total
    return result
