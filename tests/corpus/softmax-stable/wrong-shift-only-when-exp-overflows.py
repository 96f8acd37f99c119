# told: shift-only-when-big or shift-by-positive-max
# underflow is forgotten
def softmax_stable(xx):
    exps = torch.exp(xx)
    if torch.isinf(exps).any():
        exps = torch.exp(xx - xx.max())
    return exps / exps.sum()
