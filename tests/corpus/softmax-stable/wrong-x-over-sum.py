# told: x-over-sum
# no exp, so nothing overflows
def softmax_stable(xx):
    return xx / xx.sum()
