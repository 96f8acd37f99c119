# told: standardised
def softmax(xx):
    return (xx - xx.mean()) / xx.std()
