"""What every `fit` promises: a seed from `random_state` alone, and an estimator that is left as it was by a failure."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["all_or_nothing", "draw_seed"]


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


def draw_seed(random_state: int | np.random.RandomState | None) -> int:
    """A seed that depends on `random_state` alone; None is new each time, and leaves NumPy's generator as it is."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
