softmax = lambda xx: xx.exp() / xx.exp().sum()
