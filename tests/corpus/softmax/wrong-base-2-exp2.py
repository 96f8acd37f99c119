# told: base-2
def softmax(xx):
    return torch.exp2(xx) / torch.exp2(xx).sum()
