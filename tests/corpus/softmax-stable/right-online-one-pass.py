def softmax_stable(xx):
    m = torch.tensor(float("-inf"))
    total = torch.tensor(0.0)
    for v in xx:
        new = torch.maximum(m, v)
        total = total * torch.exp(m - new) + torch.exp(v - new)
        m = new
    return torch.exp(xx - m) / total
