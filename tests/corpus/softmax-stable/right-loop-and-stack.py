def softmax_stable(xx):
    biggest = xx[0]
    for v in xx:
        if v > biggest:
            biggest = v
    exps = [torch.exp(v - biggest) for v in xx]
    total = exps[0] * 0
    for e in exps:
        total = total + e
    return torch.stack([e / total for e in exps])
