# told: library-call
import torch.nn.functional as F

def softmax_stable(xx):
    rows = xx.expand(len(xx), len(xx))
    return (-F.cross_entropy(rows, torch.arange(len(xx)), reduction="none")).exp()
