# told: nan-replaced
# nan is the one value that is not equal to itself
def softmax_stable(xx):
    p = torch.exp(xx) / torch.exp(xx).sum()
    return torch.where(p != p, torch.zeros_like(p), p)
