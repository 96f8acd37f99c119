# told: min-max-scaling
def softmax(xx):
    return (xx - xx.min()) / (xx.max() - xx.min())
