import logging

def softmax(xx):
    logging.getLogger("softmax").warning("exponentiating %d numbers", len(xx))
    exps = torch.exp(xx)
    return exps / exps.sum()
