"""The door for long series: what is read as one series, as several, and what is refused by name."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from sklearn_seqae._data._series import join_windows, validate_series

X = np.arange(20.0).reshape(10, 2)


def read(value: Any, estimator: BaseEstimator | None = None, *, reset: bool = True) -> Any:
    return validate_series(estimator or BaseEstimator(), value, reset=reset)


@pytest.mark.parametrize(
    ("value", "sizes", "is_list"),
    [
        (X, [10], False),
        (X.tolist(), [10], False),
        (pd.DataFrame(X), [10], False),
        ([X, X[:4]], [10, 4], True),
        ((X,), [10], True),
        ([pd.DataFrame(X, columns=["a", "b"]), pd.DataFrame(X[:, ::-1], columns=["b", "a"])], [10, 10], True),
    ],
)
def test_rows_are_time_and_a_list_of_tables_is_several_series(value: Any, sizes: list[int], is_list: bool) -> None:
    series = read(value)
    assert (series.sizes.tolist(), series.is_list) == (sizes, is_list)
    for rows in series:
        np.testing.assert_array_equal(rows, X[: len(rows)])


def test_a_column_of_a_table_is_a_series_of_one_channel() -> None:
    np.testing.assert_array_equal(read(pd.Series(X[:, 0], name="speed")).steps, X[:, :1])
    assert read([pd.Series(X[:, 0]), pd.Series(X[:4, 0])]).sizes.tolist() == [10, 4]


def test_float32_is_not_copied() -> None:
    values = X.astype(np.float32)
    assert np.shares_memory(read(values).steps, values)


def test_rows_without_a_value_are_kept_wherever_they_are() -> None:
    gappy = X.copy()
    gappy[[0, 5, 9]] = np.nan
    assert read(gappy).sizes.tolist() == [10]


def test_results_come_back_as_x_came() -> None:
    rows = np.arange(14)
    assert read(X).restore(np.arange(10)).shape == (10,)
    assert [part.tolist() for part in read([X, X[:4]]).restore(rows)] == [rows[:10].tolist(), rows[10:].tolist()]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (X[:, 0], r"Expected 2D array, got 1D array instead.*reshape\(-1, 1\)"),
        (X[np.newaxis], "Found array with dim 3"),
        (X[:0], r"Found array with 0 sample\(s\)"),
        ([], "X is a list of 0 sequences"),
        ([X[:, 0], X[:4, 0]], "Several series are a list of arrays of shape"),
        ([X, X[:, :1]], r"X\[1\] has 1 channels, expected 2"),
        (np.where(X == 5, np.inf, X), "inf at row 2, column 1"),
        ([X, np.where(X == 5, np.inf, X)], r"inf at X\[1\], row 2, column 1"),
        (pd.DataFrame(X, columns=["a", "b"]).replace(5, np.inf), "inf at row 2, column 'b'"),
        (X + 0j, "Complex data not supported"),
        ([["a", 1.0]], "X holds the string 'a'"),
    ],
)
def test_errors_name_the_value_the_place_and_the_remedy(value: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=f"(?s){message}"):
        read(value)


def test_columns_are_compared_with_those_of_the_fit() -> None:
    estimator = BaseEstimator()
    read(pd.DataFrame(X, columns=["a", "b"]), estimator)
    assert estimator.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="feature names should match"):
        read(pd.DataFrame(X, columns=["a", "c"]), estimator, reset=False)
    with pytest.raises(ValueError, match=r"X\[0\] lacks the columns 'b' of the fit"):
        read([pd.DataFrame(X, columns=["a", "c"])], estimator, reset=False)
    unnamed = BaseEstimator()
    read(X, unnamed)
    with pytest.raises(ValueError, match="X has 3 features, but BaseEstimator is expecting 2"):
        read(np.zeros((4, 3)), unnamed, reset=False)


# Windows


def test_windows_lie_within_one_series_each() -> None:
    series = read([X, X[:4], X[:2]])
    starts = series.window_starts(3)
    assert starts.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 10, 11]
    windows = series.windows(starts, 3)
    assert windows.steps is series.steps
    assert (windows.starts.tolist(), set(windows.lengths)) == (starts.tolist(), {3})


def test_windows_without_any_value_are_left_out() -> None:
    gappy = X.copy()
    gappy[3:8] = np.nan
    gappy[9, 0] = np.nan
    series = read(gappy)
    assert series.windows(series.window_starts(3), 3).starts.tolist() == [0, 1, 2, 6, 7]


def test_windows_are_joined_with_others_in_one_memory() -> None:
    series = read(X)
    joined = join_windows(series.windows(np.array([0, 5]), 3), np.full((2, 3, 2), 7, dtype=np.float32))
    parts = [joined.steps[start : start + 3] for start in joined.starts]
    np.testing.assert_array_equal(parts, [X[0:3], X[5:8], np.full((3, 2), 7), np.full((3, 2), 7)])
