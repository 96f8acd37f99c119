# told: missing-return
def softmax(xx):
    exps = torch.exp(xx)
    result = exps / exps.sum()
