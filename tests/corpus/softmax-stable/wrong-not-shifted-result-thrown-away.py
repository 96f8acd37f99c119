# told: not-shifted
# the subtraction makes a new tensor, and nobody keeps it
def softmax_stable(xx):
    xx - xx.max()
    exps = torch.exp(xx)
    return exps / exps.sum()
