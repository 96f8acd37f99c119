# told: missing-return
# returns only when there is nothing to shift
def softmax_stable(xx):
    if xx.max() == 0:
        exps = torch.exp(xx)
        return exps / exps.sum()
    softmax_stable(xx - xx.max())
