# told: mutates-argument
def softmax(xx):
    exps = xx
    exps.exp_()
    return exps / exps.sum()
