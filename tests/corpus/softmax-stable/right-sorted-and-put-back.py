def softmax_stable(xx):
    values, order = xx.sort(descending=True)
    exps = torch.exp(values - values[0])
    p = exps / exps.sum()
    return p[order.argsort()]
