# told: argmax-index
# "soft arg max" taken at its word
def softmax(xx):
    return torch.argmax(xx)
