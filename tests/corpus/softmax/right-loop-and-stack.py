def softmax(xx):
    exps = []
    for v in xx:
        exps.append(torch.exp(v))
    total = 0
    for e in exps:
        total = total + e
    return torch.stack([e / total for e in exps])
