def softmax_stable(xx):
    z = xx.to(torch.float64)
    return (z - z.max()).exp() / (z - z.max()).exp().sum()
