"""Learning that goes on: classes that arrive in turns, and streams that drift.

Everything learned here is learned from the batch at hand and, if asked, from a few remembered
samples. No gradient crosses a layer, and none is kept for later.
"""
