# told: temperature
# shifted and scaled down, to be on the safe side
def softmax_stable(xx):
    z = (xx - xx.max()) / 2
    exps = torch.exp(z)
    return exps / exps.sum()
