import functools

def general(base, xx):
    powers = torch.exp(xx * base)
    return powers / powers.sum()

softmax = functools.partial(general, 1.0)
