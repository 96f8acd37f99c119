# told: library-call
import torch.nn.functional as F

def softmax(xx):
    return F.softmin(-xx, dim=0)
