# told: log-shares
def softmax(xx):
    logs = torch.log(xx)
    return logs / logs.sum()
