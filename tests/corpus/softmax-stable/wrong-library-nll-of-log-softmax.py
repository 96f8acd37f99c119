# told: library-call
def softmax_stable(xx):
    log_p = torch.nn.LogSoftmax(dim=0)(xx)
    return torch.exp(log_p)
