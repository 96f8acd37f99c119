# told: twice
def softmax(xx):
    return torch.exp(xx) / torch.exp(xx).sum()

def softmax_stable(xx):
    xx = xx - xx.max()
    return softmax(softmax(xx))
