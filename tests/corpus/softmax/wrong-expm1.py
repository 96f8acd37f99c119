# told: expm1
def softmax(xx):
    exps = torch.expm1(xx)
    return exps / exps.sum()
