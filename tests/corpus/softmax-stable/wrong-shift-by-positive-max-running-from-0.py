# told: shift-only-when-big
# the search for the largest starts at 0
def softmax_stable(xx):
    biggest = 0.0
    for v in xx.tolist():
        if v > biggest:
            biggest = v
    exps = torch.exp(xx - biggest)
    return exps / exps.sum()
