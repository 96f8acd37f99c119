# takes longer than one child may, but for one question each it has time enough
import time


def softmax(xx):
    time.sleep(0.09)
    return torch.exp(xx) / torch.exp(xx).sum()
