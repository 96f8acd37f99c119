# told: epsilon
# "1 + sum", as in the sigmoid
def softmax(xx):
    exps = torch.exp(xx)
    return exps / (1 + exps.sum())
