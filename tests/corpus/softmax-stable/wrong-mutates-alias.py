# told: mutates-argument
# a second name is not a copy
def softmax_stable(xx):
    x_copy = xx
    x_copy -= x_copy.max()
    return torch.exp(x_copy) / torch.exp(x_copy).sum()
