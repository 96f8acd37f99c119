# told: -
def softmax(xx):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
