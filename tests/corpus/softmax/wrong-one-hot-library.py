# told: one-hot
import torch.nn.functional as F

def softmax(xx):
    return F.one_hot(torch.argmax(xx), num_classes=len(xx)).float()
