# told: identity
def softmax(xx):
    return xx
