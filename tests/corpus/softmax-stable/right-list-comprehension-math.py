import math

def softmax_stable(xx):
    values = xx.tolist()
    m = max(values)
    exps = [math.exp(v - m) for v in values]
    total = math.fsum(exps)
    return torch.tensor([e / total for e in exps])
