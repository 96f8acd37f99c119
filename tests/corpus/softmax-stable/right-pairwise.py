# an overflow here is harmless: 1 / inf is 0
def softmax_stable(xx):
    return 1 / torch.exp(xx.unsqueeze(0) - xx.unsqueeze(1)).sum(dim=1)
