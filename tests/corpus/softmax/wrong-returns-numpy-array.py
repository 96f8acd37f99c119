# told: wrong-container
import numpy as np

def softmax(xx):
    exps = np.exp(xx.numpy())
    return exps / exps.sum()
