# told: sigmoid-shares
def softmax(xx):
    s = 1 / (1 + torch.exp(-xx))
    return s / s.sum()
