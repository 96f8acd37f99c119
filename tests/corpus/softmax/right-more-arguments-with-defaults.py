def softmax(xx, /, *args, temperature=1.0, **kwargs):
    exps = torch.exp(xx / temperature)
    return exps / exps.sum()
