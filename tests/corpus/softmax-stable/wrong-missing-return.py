# told: missing-return
def softmax_stable(xx):
    xx = xx - xx.max()
    exps = torch.exp(xx)
    p_stable = exps / exps.sum()
