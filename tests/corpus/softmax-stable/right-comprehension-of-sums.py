# plain Python, and the sum anew for each share
import math

def softmax_stable(x):
    m = max(x)
    return torch.tensor([math.exp(v - m) / sum(math.exp(w - m) for w in x) for v in x])
