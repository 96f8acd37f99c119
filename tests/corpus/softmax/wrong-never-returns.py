# told: -
def softmax(xx):
    exps = torch.exp(xx)
    i = 0
    total = 0.0
    while i < len(xx):
        total = total + exps[i]
    return exps / total
