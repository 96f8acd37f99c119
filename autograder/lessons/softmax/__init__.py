"""The lesson on softmax: `notebooks/softmax.md`."""

#: Commands take this lesson where none is named.
IS_DEFAULT = True
