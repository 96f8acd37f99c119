# told: -
# softmax was meant
def softmax_stable(xx):
    return softmax_stable(xx - xx.max())
