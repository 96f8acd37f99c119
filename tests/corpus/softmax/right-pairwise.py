def softmax(xx):
    return 1 / torch.exp(xx[None, :] - xx[:, None]).sum(dim=1)
