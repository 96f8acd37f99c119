# told: -
def softmax_stable(xx):
    raise NotImplementedError("todo")
