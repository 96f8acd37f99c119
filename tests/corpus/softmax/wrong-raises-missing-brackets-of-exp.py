# told: missing-brackets
def softmax(xx):
    return xx.exp / xx.exp().sum()
