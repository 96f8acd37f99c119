# told: typed-e
def softmax(xx):
    powers = 2.7183**xx
    return powers / powers.sum()
