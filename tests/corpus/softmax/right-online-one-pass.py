import math

def softmax(xx):
    m, total = -math.inf, 0.0
    for v in xx.tolist():
        new = max(m, v)
        total = total * math.exp(m - new) + math.exp(v - new)
        m = new
    return torch.exp(xx - m) / total
