"""Features, which are columns or channels, compared with those of the fit: their number and their names."""

import warnings
from typing import Any

from sklearn_seqae._data._callers import level_of_caller
from sklearn_seqae._data._frames import is_frame, names_of

__all__ = ["check_features"]


def check_features(estimator: Any, X: Any, *, reset: bool) -> None:
    """Set `n_features_in_` and `feature_names_in_`, or compare with them.

    For scikit-learn's estimators scikit-learn does it. Other objects, which are always fitted, do without it.

    Parameters
    ----------
    estimator : object
        Has the attributes, or gets them.
    X : DataFrame of narwhals or ndarray of shape (n_rows, n_features)
        What has the features.
    reset : bool
        Whether to set the attributes.

    Raises
    ------
    ValueError
        If X has other features than the fit.
    """
    if hasattr(estimator, "__sklearn_tags__"):
        from sklearn.utils.validation import validate_data

        validate_data(estimator, X.to_native() if is_frame(X) else X, reset=reset, skip_check_array=True)
    else:
        _compare(estimator, X)


def _compare(fitted: Any, X: Any) -> None:
    """Refuse other features than `fitted` has, and warn where only one of them has names."""
    name, expected = type(fitted).__name__, getattr(fitted, "feature_names_in_", None)
    names = names_of(X) if is_frame(X) else None
    if X.shape[1] != fitted.n_features_in_:
        n_expected = fitted.n_features_in_
        raise ValueError(f"X has {X.shape[1]} features, but {name} is expecting {n_expected} features as input.")
    if names is not None and expected is not None:
        for column, (found, wanted) in enumerate(zip(names, expected, strict=True)):
            if found != wanted:
                raise ValueError(
                    f"The feature names of X should be those of the fit, in their order, but column {column} is "
                    f"{found!r} instead of {wanted!r}. Select the columns by name."
                )
    elif names is not None or expected is not None:
        without, other = ("X", name) if names is None else (name, "X")
        what = f"{without} has no feature names, but {other} has: they are matched by position."
        warnings.warn(what, stacklevel=level_of_caller())
