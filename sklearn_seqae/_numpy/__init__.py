"""The network without torch: its forward pass in NumPy, on the weights of a saved model."""
