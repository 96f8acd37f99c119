# told: library-call
def softmax_torch(x):
    return torch.softmax(x, axis=0)

def softmax_stable(xx):
    xx = xx - xx.max()
    return softmax_torch(xx)
