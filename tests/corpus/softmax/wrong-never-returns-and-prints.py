# told: -
def softmax(xx):
    while True:
        print("exponentiating", torch.exp(xx))
