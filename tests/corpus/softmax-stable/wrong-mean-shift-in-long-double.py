# told: -
# a wider type only puts the overflow off
import numpy as np

def softmax_stable(xx):
    a = xx.numpy().astype(np.longdouble)
    e = np.exp(a - a.mean())
    return torch.tensor((e / e.sum()).astype(np.float64)).float()
