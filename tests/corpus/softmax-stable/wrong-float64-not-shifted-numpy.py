# told: float64-not-shifted
import numpy as np

def softmax_stable(xx):
    a = np.exp(np.array(xx.tolist(), dtype=np.float64))
    return torch.tensor(a / a.sum(), dtype=torch.float32)
