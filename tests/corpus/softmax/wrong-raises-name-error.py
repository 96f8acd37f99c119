# told: -
# written as if the first line of the notebook were "from torch import *"
def softmax(xx):
    return exp(xx) / sum(exp(xx))
