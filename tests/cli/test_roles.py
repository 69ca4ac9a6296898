"""What columns are, where nobody has said it: found where there is one way to read a table, asked for otherwise."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.cli.files import arranged, refusal, sequences, written

RNG = np.random.default_rng(0)
N, T = 12, 6
WIDE = pd.DataFrame(RNG.normal(size=(N, T)), columns=[f"t{i}" for i in range(T)])
LONG = WIDE.rename_axis("patient").reset_index().melt("patient", var_name="t", value_name="x")
LONG = LONG.assign(t=LONG["t"].str[1:].astype(int)).sort_values(["patient", "t"], ignore_index=True)
LONG["y"] = RNG.normal(size=len(LONG))
SERIES = pd.DataFrame({"temp": np.sin(np.arange(200) / 5), "load": np.cos(np.arange(200) / 5)})
DATES = pd.Series(pd.date_range("2020-01-01", periods=len(SERIES), freq="h"))
TO_SAY = "find what is unusual in it with --series, or cut it into windows with --width N"


def saved(path: Path, table: pd.DataFrame, *, index: bool = False) -> Path:
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=index)
    return path


def check_long(found: Any, names: list[Any]) -> None:
    (id_name,) = found.labels
    assert found.labels[id_name] == names
    np.testing.assert_allclose(np.stack(found.X)[:, :, 0], WIDE)


# A row per sequence


@pytest.mark.parametrize(
    "ids", [[f"P{i:03d}" for i in range(N)], list(RNG.permutation(1000)[:N]), list(range(7, 7 + N))]
)
@pytest.mark.parametrize("last", [False, True])
def test_names_of_rows_are_found(tmp_path: Path, ids: list[Any], last: bool) -> None:
    table = WIDE.assign(patient=ids) if last else WIDE.assign(patient=ids)[["patient", *WIDE.columns]]
    found = arranged(saved(tmp_path / "a.csv", table))
    assert found.labels == {"patient": [str(each) for each in ids]}
    np.testing.assert_allclose(found.X, WIDE)
    assert found.how == "a row each, named by 'patient'"


def test_names_are_kept_as_they_are_written(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "id,a,b\n007,1,2\n012,4,3\n")
    assert arranged(path).labels == {"id": ["007", "012"]}


@pytest.mark.parametrize(
    ("name", "first", "message"),
    [
        (
            "v",
            range(N),
            "column 'v' counts up from row to row: say --id v if it names the sequences, --drop v to leave",
        ),
        ("v", RNG.permutation(100)[:N], "column 'v' holds whole numbers that are all different, unlike the others"),
        ("v", [1, 2] * (N // 2), "column 'v' holds 2 whole numbers alone, as classes do: say --drop v to leave it out"),
        (
            "label",
            RNG.normal(size=N),
            "'label' in the header sounds like an answer, which would be learned as if measured",
        ),
        ("label", list("ab") * (N // 2), "'label' in the header sounds like an answer"),
        (
            "v",
            list("ab") * (N // 2),
            "column 'v' has 2 names for 12 rows: if rows are the time steps of these sequences",
        ),
        ("day", DATES[:N], "one long series of 12 steps"),
        ("v", ["a", *range(1, N)], "column 'v' holds 'a' in line 2, which is not a number"),
    ],
)
def test_a_column_unlike_the_others_is_asked_about(tmp_path: Path, name: str, first: Any, message: str) -> None:
    path = saved(tmp_path / "a.csv", WIDE.assign(**{name: first})[[name, *WIDE.columns]])
    assert message in refusal(path)
    np.testing.assert_allclose(sequences(path, drop=[name]), WIDE)
    np.testing.assert_allclose(sequences(path, values=list(WIDE.columns), channels=1), WIDE)


def test_a_first_step_can_be_said_to_be_one(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.csv", WIDE.assign(v=range(N))[["v", *WIDE.columns]])
    assert np.shape(sequences(path, channels=1)) == (N, T + 1)


def test_tables_that_leave_no_doubt_are_not_asked_about(tmp_path: Path) -> None:
    for text in ("a,b\n1,2\n2,1\n2,3\n", "a,b\n1.5,2\n2,1\n3,3\n", "1,2,3\n4,5,6\n7,8,9\n"):
        assert arranged(written(tmp_path / "a.csv", text)).labels == {}


# A row per time step of several sequences


@pytest.mark.parametrize("index", [False, True])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("columns", [["patient", "t", "x", "y"], ["t", "x", "y", "patient"]])
def test_numbered_sequences_and_steps_are_found(tmp_path: Path, suffix: str, columns: list[str], index: bool) -> None:
    table = LONG[columns].set_index(["patient", "t"]) if index and suffix == "parquet" else LONG[columns]
    found = arranged(saved(tmp_path / f"a.{suffix}", table, index=index))
    check_long(found, [str(i) for i in range(N)] if suffix == "csv" else list(range(N)))
    assert found.how == "a row per time step, named by 'patient', times in 't', values in 'x', 'y'"


@pytest.mark.parametrize("dates", [False, True])
@pytest.mark.parametrize("names", ["patient", "ward"])
def test_named_sequences_are_found(tmp_path: Path, names: str, dates: bool) -> None:
    table = LONG.assign(patient="P" + LONG["patient"].map(str)).rename(columns={"patient": names})
    if dates:
        table["t"] = DATES[table["t"]].to_numpy()
    check_long(arranged(saved(tmp_path / "a.csv", table)), [f"P{i}" for i in range(N)])


def test_columns_without_telling_names_are_asked_about(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.csv", LONG.rename(columns={"patient": "a", "t": "b"}))
    message = refusal(path)
    assert "looks like a row per time step" in message
    assert "say --id a --time b or --id b --time a, or --channels 1 if each row is a sequence" in message
    check_long(arranged(path, id="a", time="b"), [str(i) for i in range(N)])
    assert np.shape(sequences(path, channels=1)) == (N * T, 4)


def test_times_that_are_not_told_are_asked_for(tmp_path: Path) -> None:
    table = LONG.assign(patient="P" + LONG["patient"].map(str)).drop(columns="t")
    path = saved(tmp_path / "a.csv", table)
    for options in ({}, {"id": "patient"}):
        message = refusal(path, **options)
        assert "column 'patient' has 12 names for 72 rows: if rows are the time steps of these sequences" in message
        assert "--time, or say --in-order" in message
    check_long(arranged(path, in_order=True), [f"P{i}" for i in range(N)])


def test_values_are_chosen(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.csv", LONG)
    found = sequences(path, values=["y"])
    np.testing.assert_allclose(np.concatenate(found)[:, 0], LONG["y"])
    assert sequences(path, values=["x", "y"])[0].shape == (T, 2)
    assert "--values nope: there is no such column among the 4" in refusal(path, values=["nope"])
    assert "--values t: another option gives this column another part" in refusal(path, values=["t"], time="t")


def test_few_long_sequences_may_be_series(tmp_path: Path) -> None:
    table = pd.concat([SERIES.assign(machine=name, date=DATES) for name in "ab"])
    path = saved(tmp_path / "a.csv", table)
    message = refusal(path)
    assert "holds 2 long series, a row per time step, named by 'machine', times in 'date'" in message
    for option in ("--series", "--width", "--id and --time"):
        assert option in message
    assert len(sequences(path, id="machine", time="date")) == 2


# One long series


@pytest.mark.parametrize(
    ("table", "times"),
    [
        (SERIES.assign(date=DATES), "date"),
        (SERIES.assign(seconds=SERIES.index * 0.25), "seconds"),
        (SERIES.assign(t=SERIES.index + 5), "t"),
        (SERIES.set_index(DATES), "time"),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_one_long_series_is_asked_about(tmp_path: Path, table: pd.DataFrame, times: str, suffix: str) -> None:
    indexed = not isinstance(table.index, pd.RangeIndex)
    path = saved(tmp_path / f"a.{suffix}", table, index=indexed)
    message = refusal(path)
    assert message.endswith(TO_SAY)
    assert f"is one long series of 200 steps, a row per time step, times in '{times}'" in message
    for options in ({}, {"time": "index" if indexed else times}):
        found = arranged(path, width=20, stride=20, **options)
        np.testing.assert_allclose(np.concatenate(found.X), SERIES)
        assert len(found.labels["start"]) == 10


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", SERIES),
        ("a.npy", SERIES.to_numpy()),
        ("b.csv", SERIES[["temp"]]),
        ("b.npy", SERIES["temp"].to_numpy()),
    ],
)
def test_a_series_without_times_is_asked_about(tmp_path: Path, name: str, content: Any) -> None:
    if name.endswith(".npy"):
        np.save(tmp_path / name, content)
    else:
        saved(tmp_path / name, content)
    message = refusal(tmp_path / name)
    assert "--series" in message
    assert "--width N" in message
    found = sequences(tmp_path / name, width=20, stride=20)
    np.testing.assert_allclose(np.concatenate(found), np.reshape(content, (200, -1)))
    if name == "a.csv":
        assert np.shape(sequences(tmp_path / name, channels=1)) == (200, 2)


def test_rows_that_count_are_no_values_of_a_series(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.csv", SERIES.assign(n=np.arange(200) + 5)[["n", "temp"]])
    assert arranged(path, width=20).labels["start"][:2] == [5, 15]
    assert sequences(saved(tmp_path / "b.csv", pd.DataFrame({"n": range(20)})), width=5).shape[-1] == 1


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (
            {"end": DATES},
            "columns 'date' and 'end' hold dates: name the one of the time steps with --time, and leave the",
        ),
        ({"anomaly": 0}, "'anomaly' in the header sounds like an answer"),
        (
            {"machine": 5},
            "column 'machine' sounds like a name of series, not like something measured: say --id machine",
        ),
        ({"hour": DATES.dt.hour}, "column 'hour' sounds like a time, not like something measured: say --time hour"),
        ({"state": ["ok", "low"] * 100}, "column 'state' holds 2 different texts, to and fro while the time goes on"),
        ({"clock": "12:30"}, "column 'clock' holds '12:30' in line 2"),
        ({"time of day": "12:30"}, "or leave it out with --drop 'time of day'"),
        ({"date": ["yesterday", *DATES[1:]]}, "column 'date' holds 'yesterday' in line 2"),
        (
            {"date": [*DATES[:-1], "later"]},
            "column 'date' holds 'later' in line 201, which is no date as those above it",
        ),
    ],
)
def test_other_columns_of_a_series_are_asked_about(tmp_path: Path, extra: dict[str, Any], message: str) -> None:
    path = saved(tmp_path / "a.csv", SERIES.assign(**{"date": DATES, **extra}))
    assert message in refusal(path, width=20)
    assert len(sequences(path, width=20, values=["temp"], drop=[*extra], in_order=True))


def test_numbered_series_are_found_by_times_that_repeat(tmp_path: Path) -> None:
    table = pd.concat([SERIES.assign(machine=number, date=DATES) for number in (3, 7)])
    found = arranged(saved(tmp_path / "a.csv", table), width=20)
    assert set(found.labels["machine"]) == {"3", "7"}
    renamed = saved(tmp_path / "b.csv", table.rename(columns={"machine": "m"}))
    assert "times in column 'date' repeat: name the series with --id, perhaps --id m" in refusal(renamed, width=20)


def test_channels_that_never_change(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.csv", SERIES.assign(date=DATES, load=7))
    with pytest.warns(
        UserWarning, match="column 'load' is 7 in every row, so it tells nothing; leave it out with --drop"
    ):
        sequences(path, width=20)
    assert "column 'temp' is 1 in every row, so there is nothing to learn" in refusal(
        saved(tmp_path / "b.csv", SERIES.assign(temp=1, load=7)), width=20
    )
    assert "column 'load' holds no value; leave it out with --drop" in refusal(
        saved(tmp_path / "c.csv", SERIES.assign(load=np.nan)), width=20
    )


def test_rows_that_dates_name_can_be_sequences(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.csv", WIDE.assign(date=DATES[:N]))
    assert refusal(path).endswith(f"{TO_SAY}, or say --id date if each row is a sequence")
    found = arranged(path, id="date")
    assert found.labels["date"][0] == "2020-01-01 00:00:00"
    np.testing.assert_allclose(found.X, WIDE)


def test_numbers_may_stand_for_missing_values(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "a,b\n1,-200\n-200,4\n5,999\n")
    expected = [[1, np.nan], [np.nan, 4], [5, np.nan]]
    np.testing.assert_array_equal(sequences(path, missing=(-200, 999)), expected)


# Dates


@pytest.mark.parametrize(
    "how",
    [
        "%d.%m.%Y %H:%M",
        "%m/%d/%Y %H:%M:%S",
        "%d/%m/%Y %H:%M",
        "%Y-%m-%dT%H:%M:%S+01:00",
        "%m/%d/%Y %I:%M %p",
        "%Y/%m/%d %H",
    ],
)
def test_dates_are_read_as_they_are_written(tmp_path: Path, how: str) -> None:
    dates = pd.Series(pd.date_range("2020-01-01", periods=200, freq="6h"))
    path = saved(tmp_path / "a.csv", SERIES.assign(date=dates.dt.strftime(how)))
    options = {"time_format": how} if how == "%Y/%m/%d %H" else {}
    assert arranged(path, width=20, **options).labels["start"] == list(dates.dt.strftime(how)[:181:10])


def test_days_and_months_that_cannot_be_told_apart_are_asked_about(tmp_path: Path) -> None:
    dates = pd.Series(pd.date_range("2020-01-01", periods=10, freq="D")).dt.strftime("%d/%m/%Y")
    path = saved(tmp_path / "a.csv", SERIES[:10].assign(date=dates))
    message = refusal(path, width=5)
    assert '01/01/2020, which do not tell day from month: say --time-format "%d/%m/%Y" or' in message
    assert len(sequences(path, width=5, time_format="%d/%m/%Y")) == 4
    assert "the time column 'date' holds '01/01/2020' in line 2" in refusal(
        path, width=5, time="date", time_format="%H"
    )


def test_a_date_and_a_time_of_day_are_joined(tmp_path: Path) -> None:
    table = SERIES.assign(Date=DATES.dt.strftime("%Y-%m-%d"), Time=DATES.dt.strftime("%H:%M"))
    path = saved(tmp_path / "a.csv", table)
    assert "join it to the date with --time DATE --time Time" in refusal(path, width=20)
    found = arranged(path, width=20, time=("Date", "Time"))
    assert found.labels["start"][:2] == ["2020-01-01 00:00", "2020-01-01 10:00"]
    assert np.shape(found.X) == (19, 20, 2)
