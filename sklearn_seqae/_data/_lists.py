"""Lists of sequences: each read alone, DataFrames by the names of their columns."""

from decimal import Decimal
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._containers import read_numbers, unpack
from sklearn_seqae._data._frames import is_frame, names_of
from sklearn_seqae._data._objects import is_listed, is_missing
from sklearn_seqae._data._observed import observed_lengths
from sklearn_seqae._data._refusals import ACCEPTED, converting, refuse_empty
from sklearn_seqae._data._sequences import Container, Layout, Sequences

__all__ = ["end_to_end", "holds_sequences", "read_elements", "read_list"]

Array = NDArray[Any]
Int64 = NDArray[np.int64]


def holds_sequences(X: Any) -> bool:
    """Whether `X` is a list, or an array of objects, whose elements are more than numbers."""
    if isinstance(X, np.ndarray):
        return X.dtype == object and X.ndim == 1 and not all(map(_is_scalar, X))
    return is_listed(X) and (len(X) == 0 or not all(map(_is_scalar, X)))


def _is_scalar(element: Any) -> bool:
    if getattr(element, "is_nested", False):  # a tensor of torch's that has no shape
        return False
    return (
        isinstance(element, (Number, Decimal, str, bytes, np.generic))
        or is_missing(element)
        or getattr(element, "shape", None) == ()
    )


def read_list(X: Any, n_channels: int, fitted: Layout | None, fitted_names: Array | None) -> tuple[Sequences, Any]:
    """Lay the sequences of a list end to end.

    Parameters
    ----------
    X : list, tuple or ndarray of object
        Sequences of shape (n_timesteps_i * n_channels,), time-major, or (n_timesteps_i, n_channels).
    n_channels : int
        While fitting, channels per time step of those with one axis.
    fitted : Layout or None
        What they must be like; None while fitting, where the number of channels is that of the first.
    fitted_names : ndarray of shape (n_channels,) or None
        Names of the columns of DataFrames, in order; None takes those of the first.

    Returns
    -------
    sequences : Sequences
    features : DataFrame of narwhals or ndarray of shape (n_steps, n_channels)
        What tells the number and the names of the channels.
    """
    given, container, names, first = read_elements(X, n_channels, fitted, fitted_names)
    steps, starts, sizes = end_to_end(given)

    def at(i: int, step: int, channel: int) -> tuple[Any, str]:
        return given[i][step, channel], f"sequence {i}, step {step}, channel {channel}"

    lengths = observed_lengths(steps, starts, sizes, at)
    refuse_empty("sequence", lengths)
    sequences = Sequences(steps, starts, lengths, sizes, container, names)
    return sequences, first if is_frame(first) else steps


def read_elements(
    X: Any, n_channels: int, fitted: Layout | None, fitted_names: Array | None
) -> tuple[list[Array], Container, Array | None, Any]:
    """The sequences of a list, (n_timesteps_i, n_channels) each, of the dtype that each has.

    Parameters
    ----------
    X, n_channels, fitted, fitted_names
        As for `read_list`.

    Returns
    -------
    given : list of ndarray
        Views where possible.
    container : {"list", "list_1d"}
        By the axes that they had.
    names : ndarray of shape (n_channels,) or None
        Names of the channels.
    first : DataFrame of narwhals or ndarray
        The first as it was.
    """
    if len(X) == 0:
        raise ValueError(f"X is a {type(X).__name__} of 0 sequences, at least 1 is needed. {ACCEPTED}")
    elements, names = _match_columns([unpack(element, f"X[{i}]") for i, element in enumerate(X)], fitted_names)
    given = [_read_sequence(element, f"X[{i}]") for i, element in enumerate(elements)]
    container = _common_container(given)
    if fitted:
        n_channels = fitted.n_channels if fitted.container in ("table", "list_1d") else 1
    given = [_by_step(sequence, n_channels, f"X[{i}]") for i, sequence in enumerate(given)]
    _check_channels(given, fitted.n_channels if fitted else None)
    return given, container, names, elements[0]


def _match_columns(elements: list[Any], fitted_names: Array | None) -> tuple[list[Any], Array | None]:
    """DataFrames with their columns in one order, and the names of these; other sequences have none."""
    names = [names_of(element) if is_frame(element) else None for element in elements]
    named = [i for i, found in enumerate(names) if found is not None]
    if not named:
        return elements, None
    if len(named) < len(elements):
        unnamed = names.index(None)
        raise ValueError(
            f"X[{named[0]}] has named columns, {_quote(names[named[0]])}, but X[{unnamed}] has none: which channel is "
            "which? Pass DataFrames with the same names, or arrays alone."
        )
    wanted = names[0] if fitted_names is None else list(fitted_names)
    for i, found in enumerate(names):
        _refuse_other_names(found, wanted, f"X[{i}]", "X[0]" if fitted_names is None else "the fit")
    matched = [e if found == wanted else e.select(wanted) for e, found in zip(elements, names, strict=True)]
    return matched, np.array(wanted, dtype=object)


def _refuse_other_names(found: Any, wanted: Any, name: str, reference: str) -> None:
    missing = [column for column in wanted if column not in found]
    surplus = [column for column in found if column not in wanted]
    faults = [
        *([f"lacks the columns {_quote(missing)} of {reference}"] if missing else []),
        *([f"has the columns {_quote(surplus)}, which {reference} has not"] if surplus else []),
    ]
    if faults:
        raise ValueError(
            f"{name} {' and '.join(faults)}: the channels of DataFrames are matched by name. Rename or select columns, "
            "or pass .to_numpy() of each to match them by position."
        )


def _quote(names: Any) -> str:
    shown = ", ".join(map(repr, names[:5]))
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def _read_sequence(element: Any, name: str) -> Array:
    """One sequence of a list as an array of numbers with one or two axes."""
    sequence = read_numbers(element, name, remedy=ACCEPTED)
    if sequence.ndim not in (1, 2) or 0 in sequence.shape:
        raise ValueError(
            f"{name} has shape {sequence.shape}; a sequence has the shape (n_timesteps_i,) or (n_timesteps_i, "
            "n_channels), with at least 1 step and 1 channel."
        )
    return sequence


def _common_container(sequences: list[Array]) -> Container:
    """What a list of these is, if all have as many axes."""
    n_axes = sequences[0].ndim
    for i, sequence in enumerate(sequences):
        if sequence.ndim != n_axes:
            raise ValueError(
                f"X[0] has {n_axes} axes, but X[{i}] has {sequence.ndim}: all sequences must have the shape "
                "(n_timesteps_i,), or all (n_timesteps_i, n_channels)."
            )
    return "list_1d" if n_axes == 1 else "list"


def _by_step(sequence: Array, n_channels: int, name: str) -> Array:
    """A sequence of one or two axes with a row for each time step."""
    if sequence.ndim == 2:
        return sequence
    if len(sequence) % n_channels:
        raise ValueError(
            f"{name} has {len(sequence)} values, which n_channels={n_channels} does not divide: a 1-D sequence holds "
            "n_timesteps * n_channels values, all channels of the first step first."
        )
    return sequence.reshape(-1, n_channels)


def _check_channels(sequences: list[Array], fitted_channels: int | None) -> None:
    n_channels = sequences[0].shape[1] if fitted_channels is None else fitted_channels
    for i, sequence in enumerate(sequences):
        if sequence.shape[1] != n_channels:
            raise ValueError(
                f"X[{i}] has {sequence.shape[1]} channels, expected {n_channels} as in "
                f"{'X[0]' if fitted_channels is None else 'the fit'}. The axes of a sequence are (n_timesteps_i, "
                "n_channels)."
            )


def end_to_end(sequences: list[Array]) -> tuple[NDArray[np.float32], Int64, Int64]:
    """All steps, (total_steps, n_channels), where each sequence starts, and its size.

    A single sequence is not copied unless it must be.
    """
    sizes = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    with converting("X"):
        if len(sequences) == 1:
            steps = np.ascontiguousarray(sequences[0], dtype=np.float32)
        else:
            steps = np.concatenate(sequences, dtype=np.float32, casting="unsafe")
    return steps, np.cumsum(sizes) - sizes, sizes
