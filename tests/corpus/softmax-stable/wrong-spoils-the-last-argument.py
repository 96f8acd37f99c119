# told: mutates-argument
last = None

def softmax_stable(xx):
    global last
    if last is not None:
        last.zero_()
    last = xx
    e = torch.exp(xx - xx.max())
    return e / e.sum()
