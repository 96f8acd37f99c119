# told: -
def softmax(xx):
    raise KeyboardInterrupt
