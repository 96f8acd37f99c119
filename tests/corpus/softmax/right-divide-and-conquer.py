def total(v):
    if len(v) == 1:
        return v[0]
    middle = len(v) // 2
    return total(v[:middle]) + total(v[middle:])

def softmax(xx):
    exps = torch.exp(xx)
    return exps / total(exps)
