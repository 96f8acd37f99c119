# told: missing-return
def softmax(xx):
    exps = torch.exp(xx)
    print(exps / exps.sum())
