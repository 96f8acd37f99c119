# told: rounded
# so that it looks like the values in the lesson
def softmax(xx):
    p = torch.exp(xx) / torch.exp(xx).sum()
    return torch.round(p, decimals=4)
