# told: wrong-shape
def softmax(xx):
    exps = torch.exp(xx)
    return exps[:, None] / exps.sum() * torch.ones(len(xx))
