# told: exp-over-cumsum
# divides inside the loop that still adds up
import math

def softmax(xx):
    total = 0.0
    result = []
    for v in xx.tolist():
        total += math.exp(v)
        result.append(math.exp(v) / total)
    return torch.tensor(result)
