# told: not-normalised
# the division is not in place, and its result is lost
def softmax(xx):
    exps = torch.exp(xx)
    exps.div(exps.sum())
    return exps
