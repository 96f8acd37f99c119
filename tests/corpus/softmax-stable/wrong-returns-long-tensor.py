# told: whole-numbers
def softmax_stable(xx):
    exps = torch.exp(xx - xx.max())
    return (exps / exps.sum()).to(torch.int64)
