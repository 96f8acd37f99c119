def softmax(xx):
    i = 0
    total = 0.0
    exps = torch.exp(xx)
    while i < len(xx):
        total += float(exps[i])
        i += 1
    return exps / total
