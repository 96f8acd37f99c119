# told: missing-return
def softmax(xx):
    def normalise(v):
        return v / v.sum()
    normalise(torch.exp(xx))
