# told: exp-over-max
# shifted, exponentiated, never divided
def softmax(xx):
    xx = xx - xx.max()
    return torch.exp(xx)
