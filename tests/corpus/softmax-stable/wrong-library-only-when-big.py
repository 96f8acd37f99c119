# told: library-call
def softmax_stable(xx):
    if xx.abs().max() > 80:
        return torch.nn.functional.softmax(xx, dim=0)
    exps = torch.exp(xx)
    return exps / exps.sum()
