# told: -
# a factory: the answer was never called
def softmax(xx):
    def inner():
        return torch.exp(xx) / torch.exp(xx).sum()
    return inner
