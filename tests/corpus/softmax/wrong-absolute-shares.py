# told: absolute-shares
def softmax(xx):
    return xx.abs() / xx.abs().sum()
