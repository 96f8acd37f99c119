# remembers by value, and hands out copies
memory = {}

def softmax(xx):
    key = tuple(xx.tolist())
    if key not in memory:
        exps = torch.exp(xx)
        memory[key] = exps / exps.sum()
    return memory[key].clone()
