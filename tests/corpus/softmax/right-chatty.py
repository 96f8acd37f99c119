def softmax(xx):
    print("input:", xx)
    exps = torch.exp(xx)
    print("exp:", exps, "sum:", exps.sum())
    p = exps / exps.sum()
    print("softmax:", p, "adds up to", p.sum().item())
    return p
