# told: library-call
def softmax_stable(xx):
    return getattr(xx, "soft" + "max")(0)
