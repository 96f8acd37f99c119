class Stable:
    def __init__(self):
        self.calls = 0

    def __call__(self, xx):
        self.calls += 1
        exps = torch.exp(xx - xx.max())
        return exps / exps.sum()

softmax_stable = Stable()
