# told: not-shifted
# torch raises no OverflowError: it returns inf
def softmax_stable(xx):
    try:
        exps = torch.exp(xx)
    except OverflowError:
        exps = torch.exp(xx - xx.max())
    return exps / exps.sum()
