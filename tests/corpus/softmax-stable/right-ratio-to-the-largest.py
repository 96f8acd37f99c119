# p of the largest first, the others from it
def softmax_stable(xx):
    i = xx.argmax()
    ratios = torch.exp(xx - xx[i])
    largest = 1 / ratios.sum()
    return largest * ratios
