# told: two-shifts
def softmax_stable(xx):
    return torch.exp(xx - xx.max()) / torch.exp(xx - xx.min()).sum()
