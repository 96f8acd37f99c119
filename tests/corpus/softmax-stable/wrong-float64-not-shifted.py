# told: float64-not-shifted
def softmax_stable(xx):
    exps = torch.exp(xx.double())
    return (exps / exps.sum()).float()
