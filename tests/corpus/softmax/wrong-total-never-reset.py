# told: depends-on-earlier-calls
total = 0.0

def softmax(xx):
    global total
    exps = torch.exp(xx)
    for e in exps:
        total = total + e
    return exps / total
