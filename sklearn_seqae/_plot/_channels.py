"""Which channels are drawn, and what their axes are called."""

from collections.abc import Sequence
from numbers import Integral

__all__ = ["MAX_CHANNELS", "channel_labels", "pick_channels"]

# Channels drawn where nobody says which.
MAX_CHANNELS = 4


def channel_labels(names: Sequence[str] | None, units: str | Sequence[str] | None, n_channels: int) -> list[str]:
    """Labels of all channels, such as "pressure (kPa)".

    Parameters
    ----------
    names : sequence of str of length n_channels or None
        Names; None counts.
    units : str, sequence of str of length n_channels, or None
        Unit of all channels, or of each.
    n_channels : int
        How many channels there are.

    Returns
    -------
    labels : list of str

    Raises
    ------
    ValueError
        If there are more or fewer names or units than channels.
    """
    if names is None:
        names = ["value"] if n_channels == 1 else [f"channel {i}" for i in range(n_channels)]
    units = [units or ""] * n_channels if units is None or isinstance(units, str) else units
    for what, given in (("channel_names", names), ("units", units)):
        if isinstance(given, str) or len(given) != n_channels:
            raise ValueError(f"{what}={given!r} does not fit {n_channels} channels: pass one for each.")
    return [f"{name} ({unit})" if unit else str(name) for name, unit in zip(names, units, strict=True)]


def pick_channels(channels: Sequence[int | str] | None, names: Sequence[str] | None, n_channels: int) -> list[int]:
    """Which channels to draw.

    Parameters
    ----------
    channels : sequence of int or str, or None
        Positions or names; None stands for the first `MAX_CHANNELS`.
    names : sequence of str of length n_channels or None
        Names of all channels.
    n_channels : int
        How many channels there are.

    Returns
    -------
    positions : list of int

    Raises
    ------
    ValueError
        If there is no such channel, or none is asked for.
    """
    if channels is None:
        return list(range(min(n_channels, MAX_CHANNELS)))
    known = [] if names is None else list(names)
    positions = [known.index(each) if isinstance(each, str) and each in known else each for each in channels]
    for position in positions:
        if not (isinstance(position, Integral) and 0 <= position < n_channels):
            named = f" or one of {known}" if known else ""
            raise ValueError(f"There is no channel {position!r}: pass positions from 0 to {n_channels - 1}{named}.")
    if not positions:
        raise ValueError("channels is empty: pass at least one channel, or None.")
    return [int(position) for position in positions]
