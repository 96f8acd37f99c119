# told: shift-by-constant or shift-by-position
def softmax_stable(xx):
    x = torch.tensor([1.0, 2.0, 3.0])
    e = torch.exp(xx - x.max())
    return e / e.sum()
