"""Batches and variations of training sequences that suit their number."""

import math

__all__ = ["auto_batch_size", "auto_blending", "auto_n_batches", "auto_time_shift"]

# The size of batches, nearly.
_BATCH_SIZE = 64
# At most these shares are shifted and blended, and of many sequences as many as this in an epoch.
_MOST_SHIFTING = 0.5
_MOST_BLENDING = 0.2
_VARIED_SEQUENCES = 100


def auto_n_batches(n_sequences: int) -> int:
    """Batches an epoch."""
    return max(1, round(n_sequences / _BATCH_SIZE))


def auto_batch_size(n_sequences: int) -> int:
    """Batches of nearly one size: a step is a step, and few sequences that are left over are not worth one."""
    return math.ceil(n_sequences / auto_n_batches(n_sequences))


def auto_time_shift(n_sequences: int) -> float:
    """Share of the sequences that are moved in time; a single one has no others like it."""
    return min(_MOST_SHIFTING, _VARIED_SEQUENCES / n_sequences) if n_sequences > 1 else 0.0


def auto_blending(n_sequences: int) -> float:
    """Share of the mixtures that are made of all sequences of a batch."""
    return min(_MOST_BLENDING, _VARIED_SEQUENCES / n_sequences)
