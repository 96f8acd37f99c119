# told: mutates-argument
# as_tensor and to() copy only when they must
def softmax_stable(xx):
    z = torch.as_tensor(xx).to(torch.float32)
    z -= z.max()
    return torch.exp(z) / torch.exp(z).sum()
