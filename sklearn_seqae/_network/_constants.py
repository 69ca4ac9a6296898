"""Numbers that are part of the network, known without torch: whatever else computes it needs them too."""

__all__ = ["N_FREQUENCIES", "STATE_SCALE"]

# Of the sinusoids that tell the decoder the position.
N_FREQUENCIES = 4
# Standard deviation of the top layer's hidden state at the start from principal components, before the projection.
STATE_SCALE = 0.1
