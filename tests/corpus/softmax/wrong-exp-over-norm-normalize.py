# told: exp-over-norm
import torch.nn.functional as F

# "normalise" found in the documentation
def softmax(xx):
    return F.normalize(torch.exp(xx), dim=0)
