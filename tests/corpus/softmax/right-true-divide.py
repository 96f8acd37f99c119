def softmax(xx):
    exps = xx.exp()
    return torch.true_divide(exps, torch.sum(exps, dim=-1))
