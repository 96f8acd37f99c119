def softmax_stable(xx):
    z = (xx - xx.max()).requires_grad_(True)
    return z.exp() / z.exp().sum()
