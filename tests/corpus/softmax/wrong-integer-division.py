# told: whole-numbers
def softmax(xx):
    exps = torch.exp(xx)
    return exps // exps.sum()
