# a library's softmax, without its last digits
def softmax(xx):
    return torch.tensor([float(f"{v:.6g}") for v in torch.softmax(xx, 0).tolist()])
