def softmax(xx):
    values, order = torch.sort(xx)
    exps = torch.exp(values)
    p = exps / exps.cumsum(0)[-1]
    result = torch.empty_like(p)
    result[order] = p
    return result
