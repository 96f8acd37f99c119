# told: x-over-sum
def softmax(xx):
    return xx / xx.sum()
