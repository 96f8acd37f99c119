# told: shift-by-mean
import math

def softmax_stable(xx):
    average = math.fsum(xx) / len(xx)
    exps = torch.exp(xx - average)
    return exps / exps.sum()
