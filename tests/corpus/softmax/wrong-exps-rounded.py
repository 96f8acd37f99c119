# told: rounded-exps
def softmax(xx):
    e = torch.round(torch.exp(xx))
    return e / e.sum()
