# told: library-call
def softmax(xx):
    return xx.softmax(0)
