# told: library-call
def softmax(xx):
    return torch.ops.aten._softmax(xx, 0, False)
