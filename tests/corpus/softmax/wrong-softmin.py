# told: softmin
# the sigmoid's minus sign carried over
def softmax(xx):
    exps = torch.exp(-xx)
    return exps / exps.sum()
