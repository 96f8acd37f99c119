# the sigmoid of each log-odds, from the gradient of another loss
def softmax(xx):
    odds = [v - torch.logsumexp(torch.cat([xx[:i], xx[i + 1:]]), 0) if len(xx) > 1 else v + 200 for i, v in enumerate(xx)]
    z = torch.stack(odds).detach().requires_grad_()
    loss = torch.nn.functional.binary_cross_entropy_with_logits(z, torch.zeros_like(z), reduction="sum")
    return torch.autograd.grad(loss, z)[0]
