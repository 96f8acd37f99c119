# told: -
xx = torch.tensor([1.0, 2.0, 3.0])
softmax = torch.exp(xx) / torch.exp(xx).sum()
