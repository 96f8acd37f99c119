# told: library-call
# calls the function the lesson gives
def softmax_torch(x):
    return torch.softmax(x, axis=0)

def softmax(xx):
    return softmax_torch(xx)
