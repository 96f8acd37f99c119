# told: -
softmax = None
