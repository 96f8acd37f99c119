# told: not-shifted
# the right branch is for matrices only
def softmax_stable(xx):
    if xx.dim() > 1:
        xx = xx - xx.max(dim=1, keepdim=True).values
        return torch.exp(xx) / torch.exp(xx).sum(dim=1, keepdim=True)
    return torch.exp(xx) / torch.exp(xx).sum()
