# told: shift-by-last
def softmax_stable(xx):
    biggest = xx[len(xx) - 1]
    return torch.exp(xx - biggest) / torch.exp(xx - biggest).sum()
