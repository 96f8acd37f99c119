def softmax(xx):
    xx = xx.clone()
    xx.exp_()
    xx /= xx.sum()
    return xx
