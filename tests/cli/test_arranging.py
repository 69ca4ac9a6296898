"""What rows are: sequences, time steps of sequences, or a long series to be cut into windows."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sklearn_seqae import sliding_windows
from sklearn_seqae._cli._arranged import take
from tests.cli.files import arranged, refusal, sequences, written

LONG = pd.DataFrame(
    {
        "patient": ["b"] * 3 + ["a"] * 2 + ["b"],
        "day": [1, 3, 2, 1, 2, 4],
        "x": [10.0, 30, 20, 1, 2, 40],
        "y": [0.0, 2, 1, 0, 1, 3],
    }
)


@pytest.fixture
def long(tmp_path: Path) -> Path:
    LONG.to_csv(tmp_path / "long.csv", index=False)
    return tmp_path / "long.csv"


# A row per sequence


def test_names_go_beside_the_sequences(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "a,id,b\n1,x,2\n3,7,4\n")
    found = arranged(path, id="id")
    assert isinstance(found.X, pd.DataFrame)
    assert list(found.X.columns) == ["a", "b"]
    assert found.labels == {"id": ["x", "7"]}
    headless = arranged(written(tmp_path / "b.csv", "x,1,2\ny,3,4\n"), id="0", header=False)
    np.testing.assert_array_equal(headless.X, [[1, 2], [3, 4]])
    assert headless.labels == {"id": ["x", "y"]}
    zeros = written(tmp_path / "c.csv", ",id,a\n0,007,1\n1,08,2\n")
    assert arranged(zeros, id="id").labels == arranged(zeros, id="0").labels == {"id": ["007", "08"]}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_row_labels_of_pandas_are_names(tmp_path: Path, suffix: str) -> None:
    table = pd.DataFrame({"a": [1.0, 2], "b": [3.0, 4]}, index=["x", "y"])
    getattr(table, f"to_{suffix}")(tmp_path / f"a.{suffix}")
    found = arranged(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(found.X, table)
    assert found.labels == {"id": ["x", "y"]}


# A row per time step


def test_rows_are_put_together_by_name_and_time(long: Path) -> None:
    found = arranged(long, id="patient", time="day", sort=True)
    assert found.labels == {"patient": ["b", "a"]}
    assert isinstance(found.X, list)
    np.testing.assert_array_equal(found.X[0], [[10, 0], [20, 1], [30, 2], [40, 3]])
    np.testing.assert_array_equal(found.X[1], [[1, 0], [2, 1]])
    (x, _) = sequences(long, id="0", time="1", drop=["y"], sort=True)
    np.testing.assert_array_equal(x, [[10], [20], [30], [40]])


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_times_may_be_dates(tmp_path: Path, suffix: str) -> None:
    table = LONG.assign(day=pd.Timestamp("2020-01-30") + pd.to_timedelta(LONG["day"], "D"))
    if suffix == "csv":
        table.to_csv(tmp_path / "a.csv", index=False)
    else:
        table.to_parquet(tmp_path / "a.parquet")
    found = sequences(tmp_path / f"a.{suffix}", id="patient", time="day", sort=True)
    np.testing.assert_array_equal(found[0][:, 0], [10, 20, 30, 40])


def test_times_that_are_not_even_are_warned_of(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "i,t,x\na,0,1\na,1,2\na,5,3\nb,0,1\nb,1,1\n")
    with pytest.warns(
        UserWarning, match=r"times are 1 to 4 apart, longest before line 4, but are read as if they were even"
    ):
        sequences(path, id="i", time="t")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"time": "day", "drop": ["patient"], "sort": True},
            "the time 1 comes twice in the same series, in line 2 and line 5; take one of the rows out of the file, or",
        ),
        (
            {"time": "day", "id": "patient"},
            "the time 2 in line 4 comes after 3 in line 3; put rows in the order of their times with --sort",
        ),
        ({"id": "patient", "time": "patient"}, "--id patient and --time patient are the same column"),
        ({"id": "patient", "time": "nope"}, "--time nope: "),
        (
            {"time": "day", "drop": ["patient"], "width": 2},
            "if rows are in order, leave the times out with --drop day --in-order",
        ),
        (
            {"time": "patient", "id": "day"},
            "the time column 'patient' holds 'b' in line 2, which is neither a number nor a date",
        ),
        ({"drop": ["x", "y"], "id": "patient", "time": "day"}, "has no column left that could hold values"),
    ],
)
def test_refused_roles(long: Path, options: dict[str, Any], message: str) -> None:
    assert message in refusal(long, **options)


def test_rows_without_a_name_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "i,t,x\na,0,1\n,1,2\n")
    assert "has no name in column 'i' in line 3" in refusal(path, id="i", time="t")


# Windows


def test_a_long_series_is_cut(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    series = pd.DataFrame(rng.normal(size=(20, 2)), columns=["a", "b"])
    series.assign(t=np.arange(20) * 10)[["t", "a", "b"]].iloc[rng.permutation(20)].to_csv(
        tmp_path / "a.csv", index=False
    )
    found = arranged(tmp_path / "a.csv", time="t", width=5, stride=3, sort=True)
    np.testing.assert_allclose(found.X, sliding_windows(series.to_numpy(), 5, 3))
    assert found.labels == {"start": [0, 30, 60, 90, 120, 150]}
    assert found.windows is not None
    assert found.windows.width == 5
    np.testing.assert_array_equal(found.windows.starts, [0, 3, 6, 9, 12, 15])
    assert len(sequences(tmp_path / "a.csv", sort=True, width=5)) == len(sliding_windows(np.arange(20), 5, 2))


@pytest.mark.parametrize("shape", [(12,), (12, 1), (12, 3)])
def test_an_array_is_cut(tmp_path: Path, shape: tuple[int, ...]) -> None:
    series = np.arange(np.prod(shape)).reshape(shape)
    np.save(tmp_path / "a.npy", series)
    found = arranged(tmp_path / "a.npy", width=4)
    np.testing.assert_array_equal(found.X, sliding_windows(series, 4, 2))
    assert found.labels == {"start": [0, 2, 4, 6, 8]}


def test_windows_hold_steps_of_one_series(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", np.arange(6.0), np.arange(4.0) + 10, np.arange(2.0) + 20)
    found = arranged(tmp_path / "a.npz", width=4)
    expected = [[0, 1, 2, 3], [2, 3, 4, 5], [10, 11, 12, 13], [20, 21, np.nan, np.nan]]
    np.testing.assert_array_equal(np.asarray(found.X)[:, :, 0], expected)
    assert found.labels == {"series": [0, 0, 1, 2], "start": [0, 2, 0, 0]}
    assert found.windows is not None
    np.testing.assert_array_equal(found.windows.series, [0, 0, 1, 2])


def test_windows_of_named_series(long: Path) -> None:
    found = arranged(long, id="patient", time="day", width=2, stride=1, sort=True)
    assert found.labels == {"patient": ["b", "b", "b", "a"], "start": [1, 2, 3, 1]}
    np.testing.assert_array_equal(np.asarray(found.X)[:, 0, 0], [10, 20, 30, 1])


def test_refused_series(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", np.ones((5, 2)), np.ones((5, 3)))
    assert "its series have 2 to 3 channels, not the same number" in refusal(tmp_path / "a.npz", width=2)
    np.save(tmp_path / "b.npy", np.ones((5, 0)))
    assert refusal(tmp_path / "b.npy", width=2).endswith("holds no value")
    np.save(tmp_path / "a.npy", np.arange(10))
    message = refusal(tmp_path / "a.npy")
    assert "has shape (10,), so it is one long series: find what is unusual in it with --series, or cut" in message
    message = refusal(tmp_path / "a.npy", width=11)
    assert message.endswith("--width 11 is longer than the series, which has 10 steps; take at most 5")


# Without values


def test_sequences_without_any_value(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "a,b\n1,2\n\n,\n3,\n,\n")
    message = refusal(path)
    assert message.endswith("has no value in line 4, as has 1 other; leave them out with --drop-empty")
    found = arranged(path, drop_empty=True)
    np.testing.assert_array_equal(found.X, [[1, 2], [3, np.nan]])
    np.savez(tmp_path / "a.npz", np.ones(3), np.full(2, np.nan))
    assert "has no value in sequence 1; leave it out with --drop-empty" in refusal(tmp_path / "a.npz")
    assert len(sequences(tmp_path / "a.npz", drop_empty=True)) == 1
    for empty in (np.full((2, 3), np.nan), np.empty((0, 3)), np.empty((3, 0))):
        np.save(tmp_path / "a.npy", empty)
        assert refusal(tmp_path / "a.npy", drop_empty=True).endswith("holds no value")


def test_names_go_with_what_is_left(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "i,a,b\nx,1,2\ny,,\nz,3,4\n")
    assert arranged(path, id="i", drop_empty=True).labels == {"i": ["x", "z"]}
    np.save(tmp_path / "a.npy", np.r_[np.arange(4.0), np.full(4, np.nan), np.arange(4.0)])
    found = arranged(tmp_path / "a.npy", width=4, stride=4, drop_empty=True)
    assert found.labels == {"start": [0, 8]}
    assert found.windows is not None
    np.testing.assert_array_equal(found.windows.starts, [0, 8])


@pytest.mark.parametrize("make", [list, np.asarray, pd.DataFrame])
def test_rows_are_taken(make: Any) -> None:
    X = [np.arange(3.0) + i for i in range(4)]
    taken = take(make(X), np.array([2, 0]))
    assert type(taken) is type(make(X))
    np.testing.assert_array_equal(np.asarray(taken), [X[2], X[0]])
