# told: depends-on-earlier-calls
# never forgets the largest number it has met
biggest = torch.tensor(float("-inf"))

def softmax_stable(xx):
    global biggest
    biggest = torch.maximum(biggest, xx.max())
    exps = torch.exp(xx - biggest)
    return exps / exps.sum()
