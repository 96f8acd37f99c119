# told: twice
def normalise(v):
    return torch.exp(v) / torch.sum(torch.exp(v))

def softmax(xx):
    p = normalise(xx)
    assert torch.isclose(p.sum(), torch.tensor(1.0))
    return normalise(p)
