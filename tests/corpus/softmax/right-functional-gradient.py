def softmax(xx):
    return torch.func.grad(lambda v: torch.logsumexp(v, dim=0))(xx)
