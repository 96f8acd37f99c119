# told: mutates-argument
# small elements lose their digits on the way there and back
def softmax_stable(xx):
    m = xx.max().item()
    xx -= m
    exps = torch.exp(xx)
    xx += m
    return exps / exps.sum()
