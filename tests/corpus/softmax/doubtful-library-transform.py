def softmax(xx):
    return torch.distributions.transforms.SoftmaxTransform()(xx)
