# told: reversed
import math

def softmax(xx):
    total = sum(math.exp(v) for v in xx)
    out = []
    for v in xx:
        out.insert(0, math.exp(v) / total)
    return torch.tensor(out)
