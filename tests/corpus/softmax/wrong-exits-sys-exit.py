# told: -
import sys

def softmax(xx):
    exps = torch.exp(xx)
    print(exps / exps.sum())
    sys.exit()
