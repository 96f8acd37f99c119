# told: shift-by-position
# argmax where max was meant
def softmax_stable(xx):
    exps = torch.exp(xx - xx.argmax())
    return exps / exps.sum()
