"""Forward-Forward learning in PyTorch; knows nothing of plugins."""
