# told: library-call
stable = torch.nn.Softmax(dim=-1)

def softmax_stable(xx):
    return stable(xx)
