def softmax(xx):
    out = torch.empty_like(xx)
    torch.exp(xx, out=out)
    torch.div(out, out.sum(), out=out)
    return out
