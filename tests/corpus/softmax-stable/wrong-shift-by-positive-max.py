# told: shift-only-when-big
def softmax_stable(xx):
    exps = torch.exp(xx - torch.relu(xx.max()))
    return exps / exps.sum()
