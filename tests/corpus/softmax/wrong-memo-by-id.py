# told: depends-on-earlier-calls
# stale when the tensor was changed, or when another tensor was given the same address
cache = {}

def softmax(xx):
    if id(xx) not in cache:
        cache[id(xx)] = torch.exp(xx) / torch.exp(xx).sum()
    return cache[id(xx)]
