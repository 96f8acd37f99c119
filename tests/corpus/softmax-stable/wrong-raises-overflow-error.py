# told: -
import math

def softmax_stable(xx):
    exps = [math.exp(v) for v in xx]
    return torch.tensor([e / sum(exps) for e in exps])
