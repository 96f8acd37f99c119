# told: shift-only-when-big or shift-by-positive-max
# 88 is where exp overflows; sums overflow earlier
def softmax_stable(xx):
    if (xx > 88).any():
        return torch.exp(xx - xx.max()) / torch.exp(xx - xx.max()).sum()
    return torch.exp(xx) / torch.exp(xx).sum()
