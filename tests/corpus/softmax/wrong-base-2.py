# told: base-2
def softmax(xx):
    powers = 2 ** xx
    return powers / powers.sum()
