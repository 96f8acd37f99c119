def softmax(xx):
    result = []
    for i in range(len(xx)):
        others = torch.cat([xx[:i], xx[i + 1:]])
        result.append(torch.sigmoid(xx[i] - torch.logsumexp(others, dim=0)))
    return torch.stack(result)
