# told: shift-by-positive-max
def softmax_stable(xx):
    exps = torch.exp(xx - torch.relu(xx.max()))
    return exps / exps.sum()
