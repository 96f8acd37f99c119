# told: clamped
import math

def softmax_stable(xx):
    exps = [math.exp(min(v, 80.0)) for v in xx.tolist()]
    total = sum(exps) or 1.0
    return torch.tensor([e / total for e in exps])
