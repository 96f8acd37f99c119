import functools

@functools.lru_cache(maxsize=None)
def compute(values):
    z = torch.tensor(values)
    z = z - z.max()
    return z.exp() / z.exp().sum()

def softmax_stable(xx):
    return compute(tuple(xx.tolist())).clone()
