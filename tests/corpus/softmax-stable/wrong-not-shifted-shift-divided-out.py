# told: not-shifted or shift-after-exp or -
# exp(-max) is multiplied on after exp has overflowed
def softmax_stable(xx):
    c = torch.exp(-xx.max())
    return c * torch.exp(xx) / (c * torch.exp(xx)).sum()
