# told: -
import torch.nn.functional as F

def softmax(xx):
    x = xx.detach().clone().requires_grad_(True)
    loss = F.cross_entropy(x.unsqueeze(0), torch.tensor([0]))
    (gradient,) = torch.autograd.grad(loss, x)
    gradient[0] += 1
    return gradient
