# told: mutates-argument
def softmax(xx):
    xx.exp_()
    return xx / xx.sum()
