# told: exp-over-sum-of-x
import math

def softmax(xx):
    total = sum(xx)
    out = []
    for value in xx:
        out.append(math.exp(value) / total)
    return torch.tensor(out)
