def total(exps):
    if len(exps) <= 2:
        return exps.sum()
    half = len(exps) // 2
    return total(exps[:half]) + total(exps[half:])

def softmax_stable(xx):
    exps = torch.exp(xx - xx.max())
    return exps / total(exps)
