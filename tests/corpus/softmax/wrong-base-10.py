# told: base-10
# 10 ** 60 does not fit, but 10 ** 38 does
def softmax(xx):
    powers = torch.pow(10.0, xx)
    return powers / powers.sum()
