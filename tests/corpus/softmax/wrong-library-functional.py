# told: library-call
import torch.nn.functional as F

def softmax(xx):
    return F.softmax(xx, dim=-1)
