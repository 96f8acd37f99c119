# told: -
import sys

def softmax_stable(xx):
    exps = torch.exp(xx)
    if torch.isinf(exps).any():
        sys.exit("overflow")
    return exps / exps.sum()
