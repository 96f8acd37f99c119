# told: -
import time

def softmax_stable(xx):
    time.sleep(3600)
    exps = torch.exp(xx - xx.max())
    return exps / exps.sum()
