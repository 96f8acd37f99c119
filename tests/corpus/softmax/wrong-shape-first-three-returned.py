# told: wrong-shape or first-three-only
def softmax(xx):
    exps = torch.exp(xx[:3])
    return exps / exps.sum()
