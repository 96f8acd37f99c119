# a library's softmax is called, but only to print it
def softmax(xx):
    e = torch.exp(xx)
    p = e / e.sum()
    print("mine", p, "torch", torch.softmax(xx, dim=0))
    return p
