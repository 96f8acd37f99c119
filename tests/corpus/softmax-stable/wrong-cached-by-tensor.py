# told: depends-on-earlier-calls
import functools

@functools.lru_cache
def softmax_stable(xx):
    e = torch.exp(xx - xx.max())
    return e / e.sum()
