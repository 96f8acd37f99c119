# told: shift-by-constant
# the notebook's x2, not the argument
x2 = torch.tensor([50.0, 100.0, 150.0])

def softmax_stable(xx):
    exps = torch.exp(xx - x2.max())
    return exps / exps.sum()
