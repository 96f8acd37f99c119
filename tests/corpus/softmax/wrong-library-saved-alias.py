# told: library-call
normalise = torch.softmax

def softmax(xx):
    return normalise(xx, 0)
