def softmax_stable(xx):
    print("before:", xx)
    xx = xx - xx.max()
    print("after:", xx)
    exps = xx.exp()
    print(exps)
    return exps / exps.sum()
