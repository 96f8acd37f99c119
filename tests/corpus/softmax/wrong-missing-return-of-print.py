# told: missing-return
def softmax(xx):
    exps = torch.exp(xx)
    return print(exps / exps.sum())
