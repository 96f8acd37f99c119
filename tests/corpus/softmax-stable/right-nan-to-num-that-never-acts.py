def softmax_stable(xx):
    exps = torch.exp(xx - xx.max())
    return torch.nan_to_num(exps / exps.sum(), nan=0.0)
