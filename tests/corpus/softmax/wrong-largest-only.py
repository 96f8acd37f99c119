# told: largest-only
def softmax(xx):
    exps = torch.exp(xx)
    return torch.max(exps / exps.sum())
