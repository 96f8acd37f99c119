# told: mutates-argument
def softmax_stable(xx):
    xx -= xx.max()
    xx += xx.min()
    e = torch.exp(xx * 1)
    return xx.exp_() / (e.sum() + xx[0])
