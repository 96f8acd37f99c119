# told: depends-on-earlier-calls
buffer = {}

def softmax_stable(xx):
    if len(xx) not in buffer:
        buffer[len(xx)] = torch.zeros(len(xx))
    out = buffer[len(xx)]
    out.copy_(xx)
    out -= out.max()
    out.exp_()
    out /= out.sum()
    return out
