# told: depends-on-earlier-calls
# the list grows from call to call
def softmax(xx, exps=[]):
    for v in xx:
        exps.append(torch.exp(v))
    total = sum(exps)
    return torch.stack(exps[-len(xx):]) / total
