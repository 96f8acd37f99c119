# told: library-call
# there and back, with torch.special in the middle
import numpy as np

def softmax(xx):
    a = np.array(xx)
    p = torch.special.softmax(torch.from_numpy(a), 0)
    return torch.from_numpy(np.array(p))
