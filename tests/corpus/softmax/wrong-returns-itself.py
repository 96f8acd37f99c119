# told: -
def softmax(xx):
    return softmax
