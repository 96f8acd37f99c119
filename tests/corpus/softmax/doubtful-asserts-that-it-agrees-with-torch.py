# a library's softmax is called, but only to be compared with
def softmax(xx):
    e = torch.exp(xx)
    p = e / e.sum()
    assert torch.allclose(p, torch.softmax(xx, dim=0))
    return p
