# told: depends-on-earlier-calls
def softmax(xx):
    exps = torch.exp(xx + 0.1 * torch.randn_like(xx))
    return exps / exps.sum()
