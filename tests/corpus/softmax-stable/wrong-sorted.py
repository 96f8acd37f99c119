# told: sorted
def softmax_stable(xx):
    values = torch.sort(xx).values
    exps = torch.exp(values - values[-1])
    return exps / exps.sum()
