import math

def softmax(xx):
    exps = [math.exp(v) for v in xx.tolist()]
    return torch.tensor([e / sum(exps) for e in exps])
