# told: shift-by-last
# the lesson's vectors are in ascending order
def softmax_stable(xx):
    exps = torch.exp(xx - xx[-1])
    return exps / exps.sum()
