# told: float64-not-shifted
def softmax_stable(xx):
    exps = torch.exp(xx.to(torch.float64))
    return exps / exps.sum()
