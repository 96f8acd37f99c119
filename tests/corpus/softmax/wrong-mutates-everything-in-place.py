# told: mutates-argument
def softmax(xx):
    xx.exp_()
    xx /= xx.sum()
    return xx
