# told: sorted
import math

def softmax(xx):
    exps = sorted(math.exp(v) for v in xx)
    return torch.tensor([e / sum(exps) for e in exps])
