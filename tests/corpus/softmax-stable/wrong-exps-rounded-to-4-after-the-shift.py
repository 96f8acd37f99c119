# told: rounded-exps
def softmax_stable(xx):
    e = torch.round(torch.exp(xx - xx.max()), decimals=4)
    return e / e.sum()
