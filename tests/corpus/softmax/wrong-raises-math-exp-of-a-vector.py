# told: -
import math

def softmax(xx):
    return math.exp(xx) / sum(math.exp(xx))
