# told: identity
def softmax_stable(xx):
    return xx.clone()
