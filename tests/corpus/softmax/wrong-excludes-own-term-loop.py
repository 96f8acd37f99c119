# told: excludes-own-term
import math

def softmax(xx):
    values = xx.tolist()
    out = []
    for i in range(len(values)):
        others = [math.exp(values[j]) for j in range(len(values)) if j != i]
        out.append(math.exp(values[i]) / sum(others) if others else float("inf"))
    return torch.tensor(out)
