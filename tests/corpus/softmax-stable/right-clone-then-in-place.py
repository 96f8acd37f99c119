def softmax_stable(xx):
    xx = xx.clone()
    xx -= xx.max()
    xx.exp_()
    xx /= xx.sum()
    return xx
