# told: mutates-argument
# float() copies nothing when the tensor is a float tensor already
def softmax(xx):
    exps = xx.float()
    exps.exp_()
    return exps / exps.sum()
