def softmax_stable(xx):
    z = xx - xx.max()
    z.exp_()
    z.div_(z.sum())
    return z
