# told: argmax-index
def softmax(xx):
    exps = torch.exp(xx)
    probabilities = exps / exps.sum()
    return probabilities.argmax()
