def softmax(xx):
    with torch.enable_grad():
        x = xx.clone().requires_grad_()
        y = torch.log(torch.exp(x).sum())
    return torch.autograd.grad(y, x)[0]
