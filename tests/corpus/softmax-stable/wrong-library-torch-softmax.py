# told: library-call
def softmax_stable(xx):
    return torch.softmax(xx - xx.max(), dim=0)
