# told: library-call
import torch.nn.functional as F

def softmax(xx):
    n = len(xx)
    losses = F.cross_entropy(xx.repeat(n, 1), torch.arange(n), reduction="none")
    return torch.exp(-losses)
