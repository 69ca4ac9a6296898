"""Where codes stand in the plane: as they are, by principal components, or by their rank."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.decomposition import PCA

__all__ = ["Plane", "project"]

Array = NDArray[Any]
Float64 = NDArray[np.float64]


class Plane(NamedTuple):
    """Points of codes.

    Attributes
    ----------
    points : ndarray of shape (n_sequences, 2)
        Where they are.
    axis_labels : tuple of str
        What the axes show, the horizontal one first.
    comparable : bool
        Whether a step to the right means the same as a step up.
    """

    points: Float64
    axis_labels: tuple[str, str]
    comparable: bool


def project(codes: Float64, projection: str, names: Sequence[str], groups: Sequence[NDArray[np.int64]]) -> Plane:
    """Put codes into a plane.

    Parameters
    ----------
    codes : ndarray of shape (n_sequences, n_components)
        The codes.
    projection : {"auto", "first", "pca"}
        As in :meth:`LatentDisplay.plot`.
    names : sequence of str of length n_components
        What the columns are called.
    groups : sequence of ndarray of int64
        Rows with the same label, among which codes of one value are ranked.

    Raises
    ------
    ValueError
        If there is no such projection, or too few codes for it.
    """
    if projection not in ("auto", "first", "pca"):
        raise ValueError(f'projection must be "auto", "first" or "pca", got {projection!r}.')
    n, width = codes.shape
    if width == 1:
        ylabel = "share of sequences up to here" + (", by label" if len(groups) > 1 else "")
        points = np.column_stack([codes, _shares(codes[:, 0], groups)])
        return Plane(points, (names[0], ylabel), comparable=False)
    if projection == "pca" or (projection == "auto" and width > 2 and n > 1):
        return _principal_plane(codes)
    return Plane(codes[:, :2], (names[0], names[1]), comparable=True)


def _principal_plane(codes: Float64) -> Plane:
    """The first two principal components, with the share of the variance of each."""
    if len(codes) < 2:
        raise ValueError(f'projection="pca" needs at least 2 codes, got {len(codes)}: pass projection="first".')
    pca = PCA(2, svd_solver="full").set_output(transform="default")  # an array, whatever scikit-learn is set to
    with np.errstate(invalid="ignore"):  # PCA divides by the variance, which may be 0
        points = pca.fit(codes).transform(codes)
    total = codes.var(axis=0, ddof=1).sum()
    shares = pca.explained_variance_ / (total if total > 0 else 1)
    labels = [f"principal component {i} ({100 * share:.0f} % of the variance)" for i, share in enumerate(shares, 1)]
    return Plane(points, (labels[0], labels[1]), comparable=True)


def _shares(values: Float64, groups: Sequence[NDArray[np.int64]]) -> Float64:
    """The share of each value's group that is not above it: (n,)."""
    shares = np.empty(len(values))
    for rows in groups:
        shares[rows] = rankdata(values[rows], method="max") / len(rows)
    return shares
