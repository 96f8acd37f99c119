# told: wrong-shape
# the sum is shown behind the probabilities
def softmax(xx):
    exps = torch.exp(xx)
    p = exps / exps.sum()
    return torch.cat([p, p.sum().reshape(1)])
