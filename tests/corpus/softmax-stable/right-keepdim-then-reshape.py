def softmax_stable(xx):
    row = xx.view(1, -1)
    e = torch.exp(row - row.max(dim=1, keepdim=True).values)
    return (e / e.sum(1, keepdim=True)).view(-1)
