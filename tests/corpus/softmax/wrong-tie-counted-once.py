# told: -
def softmax(xx):
    e = torch.exp(xx - xx.max())
    rest = e[e < 1]
    if len(rest) == 0:
        return torch.ones(len(xx)) / len(xx)
    return e / (1 + rest.sum())
