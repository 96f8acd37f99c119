# told: base-10
# thinks that 1e5 is exp(5)
def softmax(xx):
    powers = torch.tensor([10.0 ** v for v in xx.tolist()], dtype=torch.float64)
    return (powers / powers.sum()).float()
