# told: not-normalised
def softmax(xx):
    return xx.exp_()
