"""What processes that train together must have in common: the call of `fit`, with the same data."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._compute._processes import Processes
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._storage._fingerprint import fingerprint

__all__ = ["require_same_fit"]

# What each process may have its own of.
_OWN = {"callbacks", "device"}
# Sequences that are compared, evenly spaced in X.
_N_COMPARED = 256
# Names that an error lists.
_MOST_NAMED = 5


def require_same_fit(processes: Processes, params: Mapping[str, Any], sequences: Sequences, n_epochs: int) -> None:
    """Refuse where processes would train different networks, or on different data.

    Values of X may differ by rounding, as after a preprocessing on processors of different kinds.

    Parameters
    ----------
    processes : Processes
        Who trains together.
    params : mapping
        The estimator's parameters, as far as they decide what is trained.
    sequences : Sequences
        X, as this process has it.
    n_epochs : int
        Those that this fit goes on from.

    Raises
    ------
    ValueError
        If anything differs; the same one in all of them.
    """
    described = {name: fingerprint(value) for name, value in params.items() if name not in _OWN}
    described["the number of epochs before"] = str(n_epochs)
    described["the shape of X"] = repr((sequences.container, sequences.n_channels, sequences.lengths.tolist()))
    different = processes.different(described, {"the values of X": _sums(sequences)})
    if different:
        rank, names = min(different.items())
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        raise ValueError(
            f"With distributed=True all processes must make the same call with the same X, but process {rank} differs "
            f"from process 0 in {', '.join(names[:_MOST_NAMED])}{more}. Read or draw X in each of them in the same "
            "way, and where anything is drawn at random, pass an int as random_state."
        )


def _sums(sequences: Sequences) -> NDArray[np.float64]:
    """Of some sequences, the sum of squares of each channel: (n_compared, n_channels)."""
    sample = SequenceDataset.of(sequences).thin(_N_COMPARED)
    parts = (sample[i].numpy() for i in range(len(sample)))
    return np.array([np.nansum(np.square(part, dtype=np.float64), axis=0) for part in parts])
