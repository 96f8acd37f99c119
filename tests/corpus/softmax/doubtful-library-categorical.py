def softmax(xx):
    return torch.distributions.Categorical(logits=xx).probs
