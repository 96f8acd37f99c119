# told: shift-without-exp
def softmax(xx):
    z = xx - xx.max()
    return z / z.sum()
