# told: exp-over-max
# forgot to normalise after the shift
def softmax_stable(xx):
    xx = xx - xx.max()
    return torch.exp(xx)
