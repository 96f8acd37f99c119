class Softmax:
    def __call__(self, xx):
        exps = torch.exp(xx)
        return exps / exps.sum()

softmax = Softmax()
