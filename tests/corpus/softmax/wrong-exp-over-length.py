# told: exp-over-length
def softmax(xx):
    exps = torch.exp(xx)
    return exps / len(exps)
