from torch import Tensor

def softmax(xx: Tensor) -> Tensor:
    """Return the softmax of xx."""
    exps: Tensor = xx.exp()
    total: Tensor = exps.sum()
    return exps.div(total)
