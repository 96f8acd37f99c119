# told: depends-on-earlier-calls
# the next call overwrites the answer of this one
buffers = {}

def softmax(xx):
    n = len(xx)
    out = buffers.setdefault(n, torch.empty(n))
    torch.exp(xx, out=out)
    return torch.div(out, out.sum(), out=out)
