import sys

def softmax(xx):
    print("called with", xx.shape, file=sys.stderr)
    exps = torch.exp(xx)
    sys.stderr.flush()
    return exps / exps.sum()
