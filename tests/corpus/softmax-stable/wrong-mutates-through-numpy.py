# told: mutates-argument
import numpy as np

def softmax_stable(xx):
    a = np.asarray(xx)
    a -= a.max()
    return torch.tensor(np.exp(a) / np.exp(a).sum())
