"""What every `fit` promises: a seed from `random_state` alone, and an estimator that is left as it was by a failure."""

from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["all_or_nothing", "deciding_params", "draw_seed", "layer_sizes", "spawn_seeds"]

# Parameters that say how a fit is done, shown and kept; the seed, which may be drawn anew each time, is told apart.
_UNDECIDING = ("checkpoint_dir", "n_jobs", "random_state", "verbose")


@contextmanager
def all_or_nothing(estimator: Any) -> Iterator[None]:
    """Leave an estimator as it was, fitted or not, where a fit raises."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        estimator.__dict__.clear()
        estimator.__dict__.update(before)
        raise


def deciding_params(estimator: Any) -> dict[str, Any]:
    """The parameters that decide what a fit makes of its data, but for the seed."""
    params: dict[str, Any] = estimator.get_params(deep=False)
    if "device" in params:
        params["device"] = str(params["device"])
    return {name: value for name, value in params.items() if name not in _UNDECIDING}


def draw_seed(random_state: int | np.random.RandomState | None) -> int:
    """A seed that depends on `random_state` alone; None is new each time, and leaves NumPy's generator as it is."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def spawn_seeds(seed: int, n: int, *, key: tuple[int, ...] = ()) -> list[int]:
    """Seeds of streams that have nothing to do with each other, nor with those of other seeds and keys.

    Parameters
    ----------
    seed : int
        At least 0, such as from `draw_seed`.
    n : int
        How many; more of them begin with the same ones.
    key : tuple of int, default=()
        Tells one use of the seed from others, such as the number of a call.

    Returns
    -------
    list of int
        Each below 2**32, so that NumPy, scikit-learn and torch take it.

    Examples
    --------
    >>> from sklearn_seqae._base import spawn_seeds
    >>> spawn_seeds(0, 2)
    [3757552657, 673228719]
    """
    return [int(child.generate_state(1)[0]) for child in np.random.SeedSequence(seed, spawn_key=key).spawn(n)]


def layer_sizes(sizes: Any) -> tuple[int, ...]:
    """Check the widths of the hidden layers."""
    sizes = [sizes] if isinstance(sizes, Integral) else sizes
    for size in sizes:
        if not isinstance(size, Integral) or size < 1:
            raise ValueError(f"hidden_layer_sizes must hold integers of at least 1, got {size!r} in {sizes!r}.")
    return tuple(int(size) for size in sizes)
