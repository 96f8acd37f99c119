# told: x-over-sum-of-exps
def softmax_stable(xx):
    return xx / torch.exp(xx - xx.max()).sum()
