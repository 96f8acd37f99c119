calls = 0

def softmax(xx):
    global calls
    calls += 1
    exps = torch.exp(xx)
    return exps / exps.sum()
