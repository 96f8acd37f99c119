# loses about 6e-8 times x
def softmax_stable(xx):
    return torch.exp(xx - torch.logsumexp(xx, dim=0))
