# told: softmin
# the sign turned before the shift
def softmax_stable(xx):
    z = -xx
    z = z - z.max()
    exps = torch.exp(z)
    return exps / exps.sum()
