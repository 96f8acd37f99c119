# a shifted number times the error of e in float32 is still small: exp has gone to 0 by then
import math

def softmax_stable(xx):
    powers = math.e ** (xx - xx.max())
    return powers / powers.sum()
