# told: sorted
def softmax(xx):
    values, _ = torch.sort(xx)
    exps = torch.exp(values)
    return exps / exps.sum()
