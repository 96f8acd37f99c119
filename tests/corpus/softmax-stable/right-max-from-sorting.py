def softmax_stable(xx):
    shift = torch.sort(xx).values[-1]
    exps = torch.exp(xx - shift)
    return exps / exps.sum()
