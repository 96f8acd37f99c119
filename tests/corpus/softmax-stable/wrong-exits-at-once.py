# told: -
import os

def softmax_stable(xx):
    os._exit(1)
