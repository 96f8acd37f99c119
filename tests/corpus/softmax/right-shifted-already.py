# the stable form, before it is asked for
def softmax(xx):
    exps = (xx - xx.max()).exp()
    return exps / exps.sum()
