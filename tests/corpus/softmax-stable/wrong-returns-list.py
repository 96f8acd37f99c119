# told: wrong-container
def softmax_stable(xx):
    exps = torch.exp(xx - xx.max())
    return (exps / exps.sum()).tolist()
