def softmax(xx):
    assert isinstance(xx, torch.Tensor), "softmax wants a tensor"
    assert xx.dim() == 1, "softmax wants a vector"
    exps = torch.exp(xx)
    result = exps / exps.sum()
    assert torch.isclose(result.sum(), torch.tensor(1.0).to(result), atol=1e-4)
    return result
