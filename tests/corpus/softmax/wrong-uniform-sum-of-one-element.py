# told: uniform
# divides every exp by itself, then by how many there are
def softmax(xx):
    exps = torch.exp(xx)
    parts = [e / e.sum() for e in exps]
    return torch.stack(parts) / len(parts)
