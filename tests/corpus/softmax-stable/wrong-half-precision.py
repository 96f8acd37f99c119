# told: half-precision
def softmax_stable(xx):
    z = (xx - xx.max()).half()
    exps = z.exp()
    return (exps / exps.sum()).float()
