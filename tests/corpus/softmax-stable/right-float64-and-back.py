def softmax_stable(xx):
    z = xx.double()
    z = z - z.max()
    return (z.exp() / z.exp().sum()).float()
