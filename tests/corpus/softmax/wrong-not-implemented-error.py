# told: -
def softmax(xx):
    raise NotImplementedError
