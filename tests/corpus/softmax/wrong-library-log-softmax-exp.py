# told: library-call
def softmax(xx):
    return torch.log_softmax(xx, dim=0).exp()
