# told: softplus-shares
def softmax(xx):
    s = torch.log(1 + torch.exp(xx))
    return s / s.sum()
