def softmax(xx):
    exps = torch.exp(xx)
    return exps / exps.sum()

def softmax_stable(xx):
    return softmax(xx - xx.max())
