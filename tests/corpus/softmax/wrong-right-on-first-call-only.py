# told: depends-on-earlier-calls
calls = 0

def softmax(xx):
    global calls
    calls += 1
    exps = torch.exp(xx)
    if calls > 1:
        return exps / exps.max()
    return exps / exps.sum()
