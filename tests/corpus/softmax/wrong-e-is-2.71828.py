# told: typed-e
def softmax(xx):
    powers = 2.71828**xx
    return powers / powers.sum()
