# told: missing-return
p = None

def softmax(xx):
    global p
    p = torch.exp(xx) / torch.exp(xx).sum()
