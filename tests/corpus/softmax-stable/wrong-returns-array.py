# told: wrong-container
def softmax_stable(xx):
    a = xx.numpy()
    import numpy as np
    e = np.exp(a - a.max())
    return e / e.sum()
