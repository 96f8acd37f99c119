# told: squares
def softmax(xx):
    return xx ** 2 / (xx ** 2).sum()
