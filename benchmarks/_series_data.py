"""Series with marked anomalies, read from folders that a user has: NAB, SKAB and the UCR anomaly archive."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import argrelmax

__all__ = ["NAB_PUBLISHED", "SKAB_GROUPS", "MarkedSeries", "load", "names", "published", "tsb_period"]

Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

NAB_PUBLISHED = "published_vus_pr.csv"
SKAB_GROUPS = ("valve1", "valve2", "other")
SKAB_TRAINING = 400
# Settings of rivals, and ours, were chosen by the labels of these alone.
N_NAB_VALIDATION, SKAB_VALIDATION, UCR_VALIDATION = 7, "valve1", "135"

# TSB-AD's search for a period: of lags from 3 to 400, the first 20,000 steps; 125 where none is found.
_N_STEPS, _FIRST_LAG, _N_LAGS, _LONGEST, _OTHERWISE = 20_000, 3, 400, 300, 125


class MarkedSeries(NamedTuple):
    """A series (n_timesteps, n_channels) as a table whose index is time, of which the first rows are for training.

    `anomalous` marks rows; the training rows have no mark.
    """

    table: pd.DataFrame
    anomalous: Bool
    n_training: int

    @property
    def values(self) -> Float64:
        """All rows as an array (n_timesteps, n_channels)."""
        return self.table.to_numpy(dtype=np.float64)

    @property
    def training(self) -> pd.DataFrame:
        """The rows for training."""
        return self.table.iloc[: self.n_training]


def names(folder: Path, collection: str, split: str = "test") -> list[str]:
    """Names of the series of "nab", "skab" or "ucr" below a folder.

    Parameters
    ----------
    folder : Path
        Holds the folders nab, skab and ucr_anomaly.
    collection : str
        Which of them.
    split : {"validation", "test"}
        Only those by whose labels something may be chosen, or all.
    """
    found = {"nab": _nab_names, "skab": _skab_names, "ucr": _ucr_names}[collection](folder)
    if not found:
        raise FileNotFoundError(f"{folder} holds no series of {collection}; --help says what --data has to hold.")
    return found if split == "test" else _of_validation(collection, found)


def _of_validation(collection: str, found: Sequence[str]) -> list[str]:
    if collection == "nab":
        return list(found[:N_NAB_VALIDATION])
    start = {"skab": SKAB_VALIDATION, "ucr": UCR_VALIDATION}[collection]
    return [name for name in found if name.startswith(start)]


def _nab_names(folder: Path) -> list[str]:
    return sorted(path.stem for path in (folder / "nab").glob("*.csv") if path.name != NAB_PUBLISHED)


def _skab_names(folder: Path) -> list[str]:
    return [
        f"{group}/{path.stem}"
        for group in SKAB_GROUPS
        for path in sorted((folder / "skab" / group).glob("*.csv"), key=lambda path: int(path.stem))
    ]


def _ucr_names(folder: Path) -> list[str]:
    return sorted(path.stem for path in (folder / "ucr_anomaly").glob("*_UCR_Anomaly_*.txt"))


@cache
def load(folder: Path, collection: str, name: str) -> MarkedSeries:
    """One of the series, whose `name` is as `names` has it."""
    return {"nab": _load_nab, "skab": _load_skab, "ucr": _load_ucr}[collection](folder, name)


def _load_nab(folder: Path, name: str) -> MarkedSeries:
    """One channel; the number of training steps is that of TSB-AD's protocol."""
    table = pd.read_csv(folder / "nab" / f"{name}.csv", index_col="timestamp", parse_dates=True)
    n_training = int(published(folder)["n_train"].to_dict()[name])
    return MarkedSeries(table[["value"]], table["label"].to_numpy() == 1, n_training)


def _load_skab(folder: Path, name: str) -> MarkedSeries:
    """Eight sensors of a pump; the first 400 rows are for training."""
    table = pd.read_csv(folder / "skab" / f"{name}.csv", sep=";", index_col="datetime", parse_dates=True)
    return MarkedSeries(table.iloc[:, :8], table["anomaly"].to_numpy() == 1, SKAB_TRAINING)


def _load_ucr(folder: Path, name: str) -> MarkedSeries:
    """One channel; the name ends with the number of training steps, and the first and last anomalous one."""
    values = np.loadtxt(folder / "ucr_anomaly" / f"{name}.txt").ravel()
    n_training, first, last = (int(number) for number in name.split("_")[-3:])
    anomalous = np.zeros(len(values), dtype=bool)
    anomalous[first : last + 1] = True  # counted from 0: of 135, step 4199 is off its curve, and 4200 is back
    return MarkedSeries(pd.DataFrame({"value": values}), anomalous, n_training)


@cache
def published(folder: Path) -> pd.DataFrame:
    """VUS-PR as TSB-AD published it: a row for each series of NAB, n_train and a column for each method."""
    table = pd.read_csv(folder / "nab" / NAB_PUBLISHED)
    return table.set_index(table.pop("file").str.removesuffix(".csv"))


def tsb_period(values: NDArray[Any]) -> int:
    """A series' period as TSB-AD has it, for its metric and for the width of its methods' windows.

    It is the lag of the highest peak of the autocorrelation of the whole series.
    """
    deviations = values[:_N_STEPS] - values[:_N_STEPS].mean()
    n_lags = min(_N_LAGS, len(deviations) - 1)
    products = [deviations[lag:] @ deviations[: len(deviations) - lag] for lag in range(_FIRST_LAG, n_lags + 1)]
    peaks = argrelmax(np.array(products))[0]
    if not len(peaks):
        return _OTHERWISE
    best = int(peaks[np.argmax(np.array(products)[peaks])])
    return best + _FIRST_LAG if _FIRST_LAG <= best <= _LONGEST else _OTHERWISE
