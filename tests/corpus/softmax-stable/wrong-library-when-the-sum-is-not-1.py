# told: library-call
def softmax_stable(xx):
    p = torch.exp(xx) / torch.exp(xx).sum()
    if xx.min() < -60 or not torch.isclose(p.sum(), torch.tensor(1.0)):
        p = xx.log_softmax(dim=0).exp()
    return p
