def softmax(xx):
    def exponentiate(v):
        return torch.exp(v)

    def normalise(v):
        return v / v.sum()

    return normalise(exponentiate(xx))
