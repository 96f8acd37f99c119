# told: rounded-exps
def softmax(xx):
    e = torch.round(torch.exp(xx), decimals=2)
    return e / e.sum()
