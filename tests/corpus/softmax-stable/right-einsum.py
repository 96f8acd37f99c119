def softmax_stable(xx):
    e = torch.exp(xx - xx.max())
    return torch.einsum("i,j->i", e, 1 / e.sum().reshape(1))
