import copy

def softmax_stable(xx):
    z = copy.deepcopy(xx)
    z.sub_(z.max())
    return z.exp() / z.exp().sum()
