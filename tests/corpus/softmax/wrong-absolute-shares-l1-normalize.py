# told: absolute-shares
import torch.nn.functional as F

def softmax(xx):
    return F.normalize(torch.abs(xx), p=1, dim=0)
