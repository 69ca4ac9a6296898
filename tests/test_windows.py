"""Windows of a long series: each where its start says, none across a border, every step in one; and the way back."""

import datetime
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, TimeSeriesSplit

from sklearn_seqae._windows import sliding_windows, stitch_windows
from tests.tiny import tiny

NAN, INF = np.nan, np.inf

Array = NDArray[Any]


@dataclass(frozen=True)
class Case:
    """A series, how it is cut, and the sizes of its groups; one size for a series without groups."""

    series: Array
    width: int
    stride: int
    sizes: list[int]
    drop_remainder: bool

    @property
    def groups(self) -> Array | None:
        return None if len(self.sizes) == 1 else labels_of(self.sizes)

    @property
    def options(self) -> dict[str, Any]:
        return {"groups": self.groups, "drop_remainder": self.drop_remainder}

    def windows(self) -> Array:
        return sliding_windows(self.series, self.width, self.stride, **self.options)

    def rows(self) -> list[range]:
        """Rows of the series that each window should hold, put down one after the other."""
        rows, border = [], 0
        for size in self.sizes:
            starts = list(range(0, size - self.width + 1, self.stride))
            if size < self.width and not self.drop_remainder:
                starts = [0]
            elif starts and not self.drop_remainder and self.stride <= self.width and starts[-1] + self.width < size:
                starts.append(size - self.width)
            rows += [range(border + start, border + min(start + self.width, size)) for start in starts]
            border += size
        return rows

    def covered(self) -> Array:
        return np.isin(np.arange(len(self.series)), [row for rows in self.rows() for row in rows])


def labels_of(sizes: list[int]) -> Array:
    """Labels of groups of these sizes, which are not in alphabetical order."""
    return np.repeat([f"group {-i}" for i in range(len(sizes))], sizes)


@st.composite
def cases(draw: st.DrawFn, covering: bool = False) -> Case:
    """Series of any shape; `covering` are those of which every step shall be in a window."""
    width = draw(st.integers(1, 7))
    stride = draw(st.integers(1, width if covering else 9))
    if draw(st.booleans()):
        sizes = [draw(st.integers(width, 30))]
    else:
        sizes = draw(st.lists(st.integers(1, 20), min_size=2, max_size=5).filter(lambda some: max(some) >= width))
    shape = (sum(sizes), *draw(st.sampled_from([(), (1,), (3,)])))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    series = (rng.normal(size=shape) * 10.0 ** rng.integers(-5, 6, size=shape)).astype(draw(st.sampled_from("fd")))
    return Case(series, width, stride, sizes, drop_remainder=not covering and draw(st.booleans()))


# Cutting


@given(cases())
def test_windows_are_the_slices_that_their_starts_say(case: Case) -> None:
    windows, rows = case.windows(), case.rows()
    series = case.series.reshape(len(case.series), -1)
    assert windows.shape == (len(rows), case.width, series.shape[1])
    assert windows.dtype == case.series.dtype
    for window, own in zip(windows, rows, strict=True):
        np.testing.assert_array_equal(window[: len(own)], series[own.start : own.stop])
        assert np.isnan(window[len(own) :]).all()


@given(cases())
def test_no_window_crosses_a_border(case: Case) -> None:
    number = np.repeat(np.arange(len(case.sizes)), case.sizes)
    windows = sliding_windows(number, case.width, case.stride, **case.options)[:, :, 0]
    assert np.nanmin(windows, axis=1).tolist() == np.nanmax(windows, axis=1).tolist() == windows[:, 0].tolist()


@given(cases(covering=True))
def test_every_step_is_in_a_window(case: Case) -> None:
    rows = sliding_windows(np.arange(len(case.series)), case.width, case.stride, **case.options)
    assert np.unique(rows[~np.isnan(rows)]).tolist() == list(range(len(case.series)))


@given(st.integers(1, 7), st.integers(1, 9), st.integers(0, 8), st.integers(1, 3))
def test_windows_at_even_distances_are_a_read_only_view(width: int, stride: int, more: int, channels: int) -> None:
    series = np.arange(float((width + more * stride) * channels)).reshape(-1, channels)
    windows = sliding_windows(series, width, stride)
    assert np.shares_memory(windows, series)
    assert not windows.flags.writeable
    assert series.flags.writeable


def test_window_added_for_steps_left_over_costs_a_copy_and_dropping_them_none() -> None:
    series = np.arange(10.0)
    whole = sliding_windows(series, 4, 4, drop_remainder=True)
    assert whole[:, 0, 0].tolist() == [0, 4]
    assert np.shares_memory(whole, series)
    added = sliding_windows(series, 4, 4)
    assert added[:, 0, 0].tolist() == [0, 4, 6]
    assert not np.shares_memory(added, series)
    assert added.flags.c_contiguous


def test_windows_of_groups_that_the_windows_fill_are_a_view() -> None:
    series = np.arange(12.0)
    windows = sliding_windows(series, 3, 3, groups=np.arange(12) // 6)
    assert np.shares_memory(windows, series)
    assert windows[:, 0, 0].tolist() == [0, 3, 6, 9]


def test_one_whole_window_in_the_second_group_is_a_view_of_it() -> None:
    windows = sliding_windows(np.arange(7), 4, 2, groups=[0, 0, 1, 1, 1, 1, 1], drop_remainder=True)
    assert windows[:, :, 0].tolist() == [[2, 3, 4, 5]]


def test_memory_mapped_series_is_not_read_into_memory(tmp_path: Path) -> None:
    series = np.lib.format.open_memmap(tmp_path / "series.npy", mode="w+", dtype=np.float32, shape=(1000, 2))
    series[:] = np.arange(2000).reshape(1000, 2)
    mapped = np.load(tmp_path / "series.npy", mmap_mode="r")
    windows = sliding_windows(mapped, 10, 5)
    assert np.shares_memory(windows, mapped)
    np.testing.assert_array_equal(windows[3], series[15:25])


def test_number_of_windows_costs_no_memory_in_a_view() -> None:
    series = np.broadcast_to(np.float32(1), (10**12,))  # one number that reads as a trillion
    assert sliding_windows(series, 100).shape == (10**12 - 99, 100, 1)


def test_stride_above_the_width_samples_and_adds_no_window() -> None:
    windows = sliding_windows(np.arange(15), 2, 6)
    assert windows[:, :, 0].tolist() == [[0, 1], [6, 7], [12, 13]]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_short_group_is_padded_as_the_estimators_read_it() -> None:
    series = np.random.default_rng(0).normal(size=(11, 2))
    windows = sliding_windows(series, 4, 2, groups=["long"] * 8 + ["short"] * 3)
    listed = [series[0:4], series[2:6], series[4:8], series[8:11]]
    estimator = tiny().fit(series[np.newaxis])
    np.testing.assert_allclose(estimator.transform(windows), estimator.transform(listed), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("dtype", "padded"), [("i2", "f8"), ("i8", "f8"), ("?", "f8"), ("f4", "f4"), ("f2", "f2"), ("c8", "c8")]
)
def test_padding_turns_integers_into_float64_and_keeps_other_numbers(dtype: str, padded: str) -> None:
    windows = sliding_windows(np.array([1, 0, 1], dtype=dtype), 2, groups=[0, 0, 1])
    assert windows.dtype == padded
    np.testing.assert_array_equal(windows[:, :, 0], [[1, 0], [1, NAN]])


@pytest.mark.parametrize(
    "labels",
    [
        np.arange(6),
        np.arange(6) % 2 == 0,
        np.array(list("abcdef")),
        np.arange(6).astype("datetime64[D]"),
        np.array([None, "a", 1, 2.0, (), "b"], dtype=object),
    ],
    ids=lambda labels: str(labels.dtype),
)
def test_labels_of_any_dtype_are_kept(labels: Array) -> None:
    windows = sliding_windows(labels, 4, 2)
    assert windows.dtype == labels.dtype
    assert windows[:, -1, 0].tolist() == labels[[3, 5]].tolist()


def test_series_is_read_from_other_containers() -> None:
    series = np.arange(12.0).reshape(6, 2)
    expected = sliding_windows(series, 3)
    for other in (
        series.tolist(),
        pd.DataFrame(series, columns=["a", "b"], index=pd.date_range("2020-01-01", periods=6)),
        pl.DataFrame(series, schema=["a", "b"]),
        torch.tensor(series, requires_grad=True),
        np.asfortranarray(series),
    ):
        windows = sliding_windows(other, 3)
        np.testing.assert_array_equal(windows, expected)
    np.testing.assert_array_equal(sliding_windows(pd.Series(series[:, 0]), 3), expected[:, :, :1])


def test_missing_values_of_other_containers_are_nan() -> None:
    missing = np.array([[1, 2], [3, NAN], [5, 6]])
    nullable = pd.DataFrame({"a": [1, 3, 5], "b": pd.array([2, None, 6], dtype="Int64")})
    masked = np.ma.masked_invalid(missing)
    for series in (missing, nullable, masked):
        np.testing.assert_array_equal(sliding_windows(series, 3), missing[np.newaxis])
    column = sliding_windows(nullable["b"], 3)
    assert column.dtype == np.float64
    np.testing.assert_array_equal(column[0, :, 0], [2, NAN, 6])


def test_columns_of_numbers_and_of_truth_values_become_numbers() -> None:
    windows = sliding_windows(pd.DataFrame({"a": [0.5, 1.5], "b": [True, False]}), 2)
    assert windows.dtype == np.float64
    assert windows.tolist() == [[[0.5, 1], [1.5, 0]]]


def test_series_is_not_written_to() -> None:
    series = np.arange(7.0)
    series.flags.writeable = False
    before = series.copy()
    windows = sliding_windows(series, 3, 2, groups=[0] * 5 + [1] * 2)
    windows[:] = -1
    np.testing.assert_array_equal(series, before)


# Groups


@pytest.mark.parametrize(
    "groups",
    [
        [3, 3, 3, 1, 1, 2],
        list("cccaab"),
        ["1", "1", "1", 1, 1, 1.5],
        np.array([0.5, 0.5, 0.5, 0, 0, -1]),
        np.array(["2020-01-02"] * 3 + ["2020-01-01"] * 2 + ["2020-01-03"], dtype="datetime64[D]"),
        pd.Series(list("cccaab"), dtype="category"),
        pd.Series(list("cccaab"), index=range(10, 16)),
        pl.Series(list("cccaab")),
        np.array([(1, 2), (1, 2), (1, 2), (1,), (1,), ()], dtype=object),
        np.array([2**60] * 3 + [2**60 + 1] * 2 + [0], dtype=object),
        pa.chunked_array([list("cccaab")]),
        torch.tensor([3, 3, 3, 1, 1, 2]),
    ],
    ids=lambda groups: f"{type(groups).__name__} {getattr(groups, 'dtype', '')}",
)
def test_labels_of_groups_are_of_any_type(groups: Any) -> None:
    windows = sliding_windows(np.arange(6), 3, groups=groups)
    np.testing.assert_array_equal(windows[:, :, 0], [[0, 1, 2], [3, 4, NAN], [5, NAN, NAN]])


def test_one_group_is_a_series() -> None:
    series = np.arange(9)
    np.testing.assert_array_equal(sliding_windows(series, 4, 2, groups=["a"] * 9), sliding_windows(series, 4, 2))


# Splitting


def shared_steps(training: Array, test: Array) -> set[float]:
    """Steps that windows (n, width) of rows have in common."""
    return set(training[~np.isnan(training)]) & set(test[~np.isnan(test)])


@given(cases())
def test_gap_in_a_time_series_split_leaves_no_step_shared(case: Case) -> None:
    rows = sliding_windows(np.arange(len(case.series)), case.width, case.stride, **case.options)[:, :, 0]
    gap = (case.width - 1) // case.stride if case.drop_remainder else math.ceil((case.width - 1) / case.stride)
    assume(len(rows) > gap + 2)
    for training, test in TimeSeriesSplit(2, gap=gap, test_size=1).split(rows):
        assert not shared_steps(rows[training], rows[test])


@pytest.mark.parametrize(("drop_remainder", "gap"), [(True, 1), (False, 2)])
def test_gap_in_a_time_series_split_is_the_smallest(drop_remainder: bool, gap: int) -> None:
    rows = sliding_windows(np.arange(12), 5, 3, drop_remainder=drop_remainder)[:, :, 0]
    assert rows[:, 0].tolist() == ([0, 3, 6] if drop_remainder else [0, 3, 6, 7])
    *_, (training, test) = TimeSeriesSplit(2, gap=gap - 1, test_size=1).split(rows)
    assert shared_steps(rows[training], rows[test])


def test_windows_split_by_their_groups_share_no_step() -> None:
    blocks = np.arange(200) // 30
    rows = sliding_windows(np.arange(200), 25, 3, groups=blocks)[:, :, 0]
    groups = sliding_windows(blocks, 25, 3, groups=blocks)[:, 0, 0]
    assert len(groups) == len(rows)
    for training, test in GroupKFold(3).split(rows, groups=groups):
        assert len(test) > 0
        assert not shared_steps(rows[training], rows[test])


def test_labels_of_windows_in_short_groups_come_by_their_first_row() -> None:
    groups = labels_of([5, 2, 4])
    first = sliding_windows(np.arange(11), 4, groups=groups)[:, 0, 0].astype(int)
    assert groups[first].tolist() == ["group 0", "group 0", "group -1", "group -2"]


# Putting back


@given(cases())
def test_round_trip_is_exact(case: Case) -> None:
    back = stitch_windows(case.windows(), case.stride, len(case.series), **case.options)
    expected = case.series.reshape(len(case.series), -1).copy()
    expected[~case.covered()] = NAN
    assert back.dtype == case.series.dtype
    np.testing.assert_array_equal(back, expected)


@pytest.mark.parametrize(("reduce", "of_list"), [("mean", np.mean), ("max", np.max)])
@given(case=cases())
def test_result_is_the_mean_or_maximum_over_the_windows(reduce: str, of_list: Any, case: Case) -> None:
    values = np.random.default_rng(0).normal(size=case.windows().shape[:2])
    values[values > 1] = NAN
    found: list[list[float]] = [[] for _ in case.series]
    for window, rows in zip(values, case.rows(), strict=True):
        for value, row in zip(window[: len(rows)], rows, strict=True):
            found[row] += [] if np.isnan(value) else [value]
    expected = [float(of_list(values)) if values else NAN for values in found]
    back = stitch_windows(values, case.stride, len(case.series), reduce=reduce, **case.options)
    np.testing.assert_allclose(back, expected, rtol=1e-12, atol=1e-12)


@given(cases())
def test_one_value_a_window_is_that_value_at_each_of_its_steps(case: Case) -> None:
    values = np.random.default_rng(0).normal(size=len(case.rows()))
    repeated = np.repeat(values[:, np.newaxis], case.width, axis=1)
    back = stitch_windows(values, case.stride, len(case.series), width=case.width, **case.options)
    assert back.shape == (len(case.series),)
    np.testing.assert_array_equal(back, stitch_windows(repeated, case.stride, len(case.series), **case.options))


def test_overlapping_windows_worked_out_by_hand() -> None:
    # Windows of 3 at rows 0, 2 and 3, of which the last was added.
    values = [[1, 2, 3], [5, 6, 7], [10, 11, 12]]
    assert stitch_windows(values, 2, 6).tolist() == [1, 2, 4, 8, 9, 12]
    assert stitch_windows(values, 2, 6, reduce="max").tolist() == [1, 2, 5, 10, 11, 12]
    assert stitch_windows(values[:2], 2, 6, drop_remainder=True).tolist()[:5] == [1, 2, 4, 6, 7]


def test_refuses_other_ways_to_reduce() -> None:
    with pytest.raises(ValueError, match='reduce must be "mean" or "max", got \'median\''):
        stitch_windows([1.0, 2.0], 1, 2, width=1, reduce="median")


def test_channels_have_means_of_their_own() -> None:
    values = np.array([[[1, 10], [2, NAN]], [[4, 20], [6, 30]]])  # rows 0-1 and 1-2
    np.testing.assert_array_equal(stitch_windows(values, 1, 3), [[1, 10], [3, 20], [6, 30]])


def test_missing_values_are_left_out_and_steps_without_value_are_nan() -> None:
    values = np.array([[NAN, 2, NAN], [4, NAN, 6], [NAN, 8, NAN]])  # rows 0-2, 1-3, 2-4
    np.testing.assert_array_equal(stitch_windows(values, 1, 5), [NAN, 3, NAN, 7, NAN])


def test_values_behind_the_end_of_a_short_group_are_left_out() -> None:
    values = [[1, 2, 3], [4, 5, 99], [6, 7, 8]]
    assert stitch_windows(values, 3, 8, groups=list("aaabbccc")).tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mean_of_extreme_values(dtype: type) -> None:
    huge = float(np.finfo(dtype).max)

    def mean(*values: float) -> Any:
        """The middle step of three, which is in all windows of 3 out of 5 steps."""
        back = stitch_windows(np.repeat(np.array(values, dtype)[:, np.newaxis], 3, axis=1), 1, 5)
        assert back.dtype == dtype
        return back[2]

    assert mean(huge, huge, huge) == huge
    assert abs(mean(huge, -huge, 0)) < 1e-6 * huge
    assert mean(INF, INF, INF) == mean(INF, 1, INF) == mean(1, 2, INF) == INF
    assert mean(-INF, 1, NAN) == mean(NAN, 1, -INF) == -INF
    assert np.isnan(mean(INF, 1, -INF))
    assert np.signbit(mean(-0.0, -0.0, -0.0))


def test_integers_and_truth_values_have_means_in_float64() -> None:
    for values in (np.array([1, 2], dtype=np.int8), [1, 2], pd.Series([1, 2]), pd.Series([1, 2], dtype="Int64")):
        back = stitch_windows(values, 1, 3, width=2)
        assert back.dtype == np.float64
        assert back.tolist() == [1, 1.5, 2]
    assert stitch_windows([True, False], 1, 3, width=2).tolist() == [1, 0.5, 0]


def test_values_are_read_from_other_containers_and_not_written_to() -> None:
    values = np.random.default_rng(0).normal(size=(4, 3))
    values.flags.writeable = False
    expected = stitch_windows(values, 2, 9)
    for other in (values.tolist(), pd.DataFrame(values), torch.tensor(values.copy()), np.asfortranarray(values)):
        np.testing.assert_array_equal(stitch_windows(other, 2, 9), expected)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_reconstructions_and_scores_go_back_onto_the_series() -> None:
    series = np.sin(np.arange(31.0))
    windows = sliding_windows(series, 8, 3)
    estimator = tiny().fit(windows)
    assert stitch_windows(estimator.reconstruct(windows), 3, 31).shape == (31, 1)
    scores = stitch_windows(estimator.score_samples(windows), 3, 31, width=8)
    assert scores.shape == (31,)
    assert scores[0] == estimator.score_samples(windows)[0]


# Refusals

S = np.arange(10.0)
W = np.ones((4, 4))  # of 10 steps, with a stride of 2

# id: arguments, keywords, substance of the message
REFUSED: dict[str, tuple[tuple[Any, ...], dict[str, Any], list[str]]] = {
    "width 0": ((S, 0), {}, ["width must be an integer of at least 1", "got 0"]),
    "width not whole": ((S, 2.5), {}, ["width", "2.5"]),
    "width a float": ((S, 2.0), {}, ["width", "2.0"]),
    "width a truth value": ((S, True), {}, ["width", "True"]),
    "stride 0": ((S, 2, 0), {}, ["stride must be an integer of at least 1", "got 0"]),
    "stride negative": ((S, 2, -1), {}, ["stride", "-1"]),
    "stride a string": ((S, 2, "1"), {}, ["stride", "'1'"]),
    "no steps": (([], 2), {}, ["series has shape (0,)", "at least 1 step"]),
    "no channels": ((np.ones((3, 0)), 2), {}, ["series has shape (3, 0)", "1 channel"]),
    "3-D": ((np.ones((3, 4, 2)), 2), {}, ["series has shape (3, 4, 2)", "(n_timesteps, n_channels)", "groups"]),
    "a number": ((3.0, 2), {}, ["series has shape ()"]),
    "ragged list": (([[1, 2], [1, 2, 3]], 2), {}, ["series cannot be read", "inhomogeneous", "end to end", "groups"]),
    "shorter than width": ((S, 11), {}, ["The series has 10 time steps", "width=11", "at most 10", "one sequence"]),
    "no whole window": (
        (S, 7),
        {"groups": [0] * 4 + [1] * 6, "drop_remainder": True},
        ["No group has the width=7", "the longest has 6", "drop_remainder=False"],
    ),
    "too few labels": ((S, 2), {"groups": [0] * 9}, ["groups has shape (9,)", "10 time steps", "(10,)"]),
    "a column of labels": ((S, 2), {"groups": [[0]] * 10}, ["groups has shape (10, 1)", "(10,)"]),
    "one label": ((S, 2), {"groups": "a"}, ["groups has shape ()"]),
    "label comes back": (
        (S, 2),
        {"groups": list("aabbaabbaa")},
        ["label 'a' of row 0 again at row 4", "Sort the series", "label of its own"],
    ),
    "number comes back": ((S, 2), {"groups": np.repeat([1, 2, 1], [3, 3, 4])}, ["label 1 of row 0 again at row 6"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_series_says_what_and_why(name: str) -> None:
    arguments, keywords, substance = REFUSED[name]
    with pytest.raises(ValueError) as raised:
        sliding_windows(*arguments, **keywords)
    assert [part for part in substance if part not in str(raised.value)] == []


@pytest.mark.parametrize(
    "groups",
    [
        np.array([0, 0, NAN, NAN, 1]),
        [0, 0, None, None, 1],
        ["a", "a", NAN, NAN, "b"],
        np.array(["2020-01-01", "2020-01-01", "NaT", "NaT", "2020-01-02"], dtype="datetime64[D]"),
        pd.Series(["a", "a", None, None, "b"]),
        pd.Series([0, 0, None, None, 1], dtype="Int64"),
        pd.Series([datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)] * 2 + [pd.NaT] * 2 + [1]),
        pl.Series(["a", "a", None, None, "b"]),
        pa.chunked_array([["a", "a", None, None, "b"]]),
        np.ma.masked_equal([0, 0, 7, 7, 1], 7),
        np.ma.masked_equal(np.array(list("aazzb")), "z"),
    ],
)
def test_refused_missing_label_says_where(groups: Any) -> None:
    with pytest.raises(ValueError, match=r"no label at row 2: .*Give each time step a label"):
        sliding_windows(np.arange(5), 2, groups=groups)


@pytest.mark.parametrize("series", [np.array(list("abcdef")), np.arange(6).astype("datetime64[D]")])
def test_what_has_no_nan_is_not_padded(series: Array) -> None:
    groups = [0, 0, 0, 0, 1, 1]
    with pytest.raises(TypeError, match=r"starts at row 4 has 2 .*width=3, .*drop_remainder=True, or .*np\.arange"):
        sliding_windows(series, 3, groups=groups)
    kept = sliding_windows(series, 3, groups=groups, drop_remainder=True)
    assert kept[:, 0, 0].tolist() == series[:2].tolist()


# id: arguments, keywords, error, substance of the message
REFUSED_VALUES: dict[str, tuple[tuple[Any, ...], dict[str, Any], type[Exception], list[str]]] = {
    "too many windows": (
        (np.ones((5, 4)), 2, 10),
        {},
        ValueError,
        ["values has 5 windows", "10 time steps without groups have 4 windows of width 4", "stride=2", "Pass the"],
    ),
    "too few windows": ((W, 1, 10), {}, ValueError, ["values has 4 windows", "have 7 windows"]),
    "other groups": ((W, 2, 10), {"groups": [0] * 6 + [1] * 4}, ValueError, ["values has 4", "in these groups have 3"]),
    "remainder dropped": (
        (np.ones((5, 4)), 2, 11),
        {"drop_remainder": True},
        ValueError,
        ["have 4 windows", "drop_remainder=True"],
    ),
    "width missing": ((np.ones(4), 2, 10), {}, ValueError, ["one value for each window", "width=..."]),
    "another width": ((W, 2, 10), {"width": 5}, ValueError, ["shape (4, 4)", "4 time steps", "width=5", "Leave"]),
    "width 0": ((np.ones(4), 2, 10), {"width": 0}, ValueError, ["width must be", "got 0"]),
    "stride 0": ((W, 0, 10), {}, ValueError, ["stride must be", "got 0"]),
    "n_timesteps not whole": ((W, 2, 10.0), {}, ValueError, ["n_timesteps must be", "10.0"]),
    "series too short": ((W, 2, 3), {}, ValueError, ["The series has 3 time steps", "width=4"]),
    "groups too short": ((W, 2, 10), {"groups": [0] * 9}, ValueError, ["groups has shape (9,)", "10 time steps"]),
    "no windows": ((np.ones((0, 4)), 2, 10), {}, ValueError, ["values has shape (0, 4)", "at least 1 window"]),
    "4-D": ((np.ones((4, 4, 1, 1)), 2, 10), {}, ValueError, ["values has shape (4, 4, 1, 1)", "(n_windows, width)"]),
    "one number": ((1.0, 2, 10), {}, ValueError, ["values has shape ()"]),
    "strings": ((list("abcd"), 2, 10), {"width": 4}, TypeError, ["values has dtype <U1", "real numbers", "Convert"]),
    "complex": ((W * 1j, 2, 10), {}, TypeError, ["values has dtype complex128"]),
}


@pytest.mark.parametrize("name", REFUSED_VALUES)
def test_refused_values_say_what_and_why(name: str) -> None:
    arguments, keywords, error, substance = REFUSED_VALUES[name]
    with pytest.raises(error) as raised:
        stitch_windows(*arguments, **keywords)
    assert [part for part in substance if part not in str(raised.value)] == []
