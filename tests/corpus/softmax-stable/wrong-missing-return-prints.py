# told: missing-return
def softmax_stable(xx):
    exps = torch.exp(xx - xx.max())
    print(exps / exps.sum())
