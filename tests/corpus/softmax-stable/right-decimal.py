# Python's decimal numbers do not overflow here: no shift is needed
from decimal import Decimal, getcontext

def softmax_stable(xx):
    getcontext().prec = 40
    exps = [Decimal(v).exp() for v in xx.tolist()]
    total = sum(exps)
    return torch.tensor([float(e / total) for e in exps])
