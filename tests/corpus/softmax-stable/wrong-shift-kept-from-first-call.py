# told: depends-on-earlier-calls
shift = None

def softmax_stable(xx):
    global shift
    if shift is None:
        shift = xx.max()
    exps = torch.exp(xx - shift)
    return exps / exps.sum()
