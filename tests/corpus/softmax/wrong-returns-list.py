# told: wrong-container
import math

def softmax(xx):
    exps = [math.exp(v) for v in xx]
    return [e / sum(exps) for e in exps]
