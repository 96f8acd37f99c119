import math

def softmax(xx):
    powers = math.e ** xx
    return powers / powers.sum()
