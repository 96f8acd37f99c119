# told: mutates-argument
def softmax_stable(xx):
    xx.requires_grad_()
    torch.logsumexp(xx, 0).backward()
    return xx.grad
