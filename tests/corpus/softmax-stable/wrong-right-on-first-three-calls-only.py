# told: depends-on-earlier-calls
calls = []

def softmax_stable(xx):
    calls.append(1)
    if len(calls) <= 3:
        xx = xx - xx.max()
    else:
        xx = xx - xx.max() / 2
    return torch.exp(xx) / torch.exp(xx).sum()
