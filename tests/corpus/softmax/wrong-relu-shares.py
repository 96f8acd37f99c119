# told: relu-shares
def softmax(xx):
    positive = torch.relu(xx)
    return positive / positive.sum()
