# the shift is another one at each call; the answer is not
def softmax_stable(xx):
    e = torch.exp(xx - xx.max() - torch.rand(()))
    return e / e.sum()
