# told: -
# calling it makes an object, not a tensor
class softmax:
    def __init__(self, xx):
        self.value = torch.exp(xx) / torch.exp(xx).sum()
