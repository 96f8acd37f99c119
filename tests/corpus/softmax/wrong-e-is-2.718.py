# told: typed-e
# four digits of e: off by 1e-4 times x
def softmax(xx):
    powers = 2.718 ** xx
    return powers / powers.sum()
