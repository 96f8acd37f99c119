# told: library-call
# one query whose scores are xx, and the identity for values
import torch.nn.functional as F

def softmax(xx):
    n = len(xx)
    q = torch.ones(1, 1, 1)
    k = xx.reshape(1, n, 1)
    v = torch.eye(n).reshape(1, n, n)
    return F.scaled_dot_product_attention(q, k, v, scale=1.0).reshape(n)
