"""Long series from the command line: rows judged, scores beside their times, a picture, a model to be applied."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from sklearn_seqae import LSTMAutoencoder, LSTMSeriesOutlierDetector, load, save
from sklearn_seqae._cli import _detection, _detection_outputs
from sklearn_seqae._cli._detection_report import describe_threshold, list_unusual
from sklearn_seqae._cli._main import main
from sklearn_seqae._cli._options import DataOptions
from sklearn_seqae._cli._unusual import find_peaks, find_unusual
from tests.tiny import tiny

PERIOD, N = 12, 300
RNG = np.random.default_rng(0)
PHASE = 2 * np.pi * np.arange(N) / PERIOD
SERIES = pd.DataFrame(
    {
        "date": pd.date_range("2020-01-01", periods=N, freq="h").astype(str),
        "temp": np.sin(PHASE) + 0.05 * RNG.normal(size=N),
        "load": 100 * np.cos(PHASE) + 5 * RNG.normal(size=N),
    }
)
SERIES.loc[250:255, "temp"] = 3
QUICK = ["--max-epochs", "5", "--latent-dim", "3", "--train", "200"]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    SERIES.to_csv("series.csv", index=False)


def run(*arguments: str) -> None:
    assert main([*arguments]) == 0


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as caught:
        main([*arguments])
    assert caught.value.code == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "warning" not in line]
    return line.removeprefix("sklearn_seqae: error: ")


def test_a_series_is_judged_row_by_row(capsys: pytest.CaptureFixture[str]) -> None:
    outputs = ["--scores", "scores.csv", "--save", "model.safetensors", "--plot", "a.png"]
    run("series.csv", "--series", *QUICK, *outputs)
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert lines[0] == (
        "series.csv: read as one series of 300 steps, 2 channels, nothing missing (a row per time step, times in "
        "'date', values in 'temp', 'load')"
    )
    assert lines[1] == "Learning from the first 200 rows, of 300 rows"
    assert lines[2].startswith("Fitted in ")
    assert lines[3] == "Windows of 12 rows (found; --width says otherwise)"
    assert "about 1 % of new normal rows score higher" in lines[4]
    assert "of 200 rows learned from (" in lines[5]
    assert "of 100 other rows (" in lines[5]
    most = lines[lines.index("") + 2]
    assert "2020-01-11" in most
    assert most.endswith("% of it in temp")
    found = pd.read_csv("scores.csv")
    assert list(found.columns) == ["date", "anomaly", "score", "score_temp", "score_load"]
    assert found["date"].to_list() == SERIES["date"].to_list()
    detector = load("model.safetensors")
    assert isinstance(detector, LSTMSeriesOutlierDetector)
    X = SERIES[["temp", "load"]]
    np.testing.assert_allclose(found["score"], -detector.score_samples(X), rtol=1e-5)
    np.testing.assert_allclose(found[["score_temp", "score_load"]], detector.score_timesteps(X), rtol=1e-5)
    np.testing.assert_array_equal(found["anomaly"] == 1, detector.predict(X) == -1)
    assert abs(found["score"].argmax() - 252) < PERIOD
    assert "a.png\n  the series, above its score, with what is beyond the threshold shaded" in out
    assert imread("a.png").shape[1] > 1500


def test_a_detector_is_applied(capsys: pytest.CaptureFixture[str]) -> None:
    run("series.csv", "--series", *QUICK, "--save", "model.safetensors", "--scores", "a.csv")
    capsys.readouterr()
    # Other columns do not matter, nor does the order of those that it knows.
    SERIES.assign(anomaly=0)[["anomaly", "load", "date", "temp"]].to_csv("new.csv", index=False)
    for name, more in (("b.csv", []), ("c.csv", ["--series"])):
        run("new.csv", "--model", "model.safetensors", "--scores", name, *more)
        out, err = capsys.readouterr()
        assert err == ""
        assert "Applied model.safetensors\nWindows of 12 rows\n" in out
        pd.testing.assert_frame_equal(pd.read_csv(name), pd.read_csv("a.csv"), rtol=1e-5)


def test_without_a_part_to_learn_from_each_row_is_judged_by_what_did_not_learn_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run("series.csv", "--series", *QUICK[:4], "--scores", "a.csv", "--save", "model.safetensors")
    out, _ = capsys.readouterr()
    assert "Learning from all 300 rows, each judged by what was learned without it\n" in out
    scores, detector = pd.read_csv("a.csv")["score"], load("model.safetensors")
    np.testing.assert_allclose(scores, -detector.held_out_scores_, rtol=1e-5)
    assert abs(scores.argmax() - 252) < PERIOD
    ranks = [np.mean(each[:200] < each[252]) for each in (scores, -detector.score_samples(SERIES[["temp", "load"]]))]
    assert ranks[0] >= ranks[1]


def test_several_series(capsys: pytest.CaptureFixture[str]) -> None:
    both = pd.concat([SERIES.assign(machine=name) for name in ("a", "b")])
    both.iloc[N + 250 : N + 256, 1] *= 3
    both.sort_values(["date", "machine"]).to_csv("both.csv", index=False)
    run("both.csv", "--series", *QUICK, "--width", "10", "--scores", "scores.parquet", "--plot", "a.png")
    out, _ = capsys.readouterr()
    assert "read as 2 series of 300 steps, 2 channels" in out
    assert "Learning from the first 200 rows of each of 2 series, of 600 rows" in out
    assert "Windows of 10 rows\n" in out
    first = out[out.index("stretches") :].splitlines()[1]
    assert first.startswith("  machine b")
    assert "at 2020-01-11" in first
    assert "machine b, the most unusual series, above its score" in out
    found, told = pd.read_parquet("scores.parquet"), pd.read_csv("both.csv")
    assert list(found.columns)[:4] == ["machine", "date", "anomaly", "score"]
    pd.testing.assert_frame_equal(found[["machine", "date"]], told[["machine", "date"]], check_dtype=False)


def test_arrays(capsys: pytest.CaptureFixture[str]) -> None:
    X = SERIES[["temp", "load"]].to_numpy(copy=True)
    X[270:280] = np.nan
    np.save("two.npy", X)
    np.save("one.npy", X[:, 0])
    run("two.npy", "--series", *QUICK, "--scores", "two.csv", "--plot", "two.png")
    assert "% of it in channel 0" in capsys.readouterr().out
    table = pd.read_csv("two.csv")
    assert list(table.columns) == ["row", "anomaly", "score", "score_0", "score_1"]
    assert table["row"].to_list() == list(range(N))
    assert table["score_0"].isna().sum() == 10
    run("one.npy", "--series", *QUICK, "--scores", "scores.npy", "--plot", "one.svg")
    scores = np.load("scores.npy")
    assert scores.shape == (N, 3)
    assert set(scores[:, 1]) == {0, 1}
    out, _ = capsys.readouterr()
    assert "  row 2" in out
    assert "of it in" not in out


def test_rows_are_scored_in_the_order_of_the_file() -> None:
    shuffled = SERIES.sample(frac=1, random_state=0)
    shuffled.to_csv("shuffled.csv", index=False)
    run("series.csv", "--series", *QUICK, "--scores", "a.csv")
    run("shuffled.csv", "--series", *QUICK, "--sort", "--scores", "b.csv")
    found = pd.read_csv("b.csv")
    assert found["date"].to_list() == shuffled["date"].to_list()
    pd.testing.assert_frame_equal(found.sort_values("date", ignore_index=True), pd.read_csv("a.csv"), rtol=1e-5)


def test_peaks_are_listed_where_nothing_is_beyond_the_threshold() -> None:
    detector = LSTMSeriesOutlierDetector(tiny(), width=6, contamination=0.1, random_state=0).fit(SERIES[["temp"]])
    detector.set_params(contamination="auto", false_alarm_rate=1e-4)
    detector.offset_, detector.held_out_scores_ = -1e6, np.zeros(240)
    rows = _detection.load_rows(Path("series.csv"), DataOptions(series=True, values=("temp",)))
    found = _detection.detect(rows, detector, [N])
    lines = list(describe_threshold(found))
    assert lines[1] == "Threshold 1e+06: the highest score of 240 held-out rows, too few to tell a rate of 0.01 %"
    assert lines[2] == "Beyond it are 0 of 300 rows (0 %)"
    head, *peaks, hint = list_unusual(found)
    assert head == "\nNone is beyond the threshold; the highest scores, a window or more apart:"
    assert [line.split()[2:5] for line in peaks] == [["1", "row", "score"]] * 3
    assert hint.endswith("if the beginning of the series is known to be normal, say how many rows of it with --train.")


def test_rows_far_from_any_value_have_no_score(capsys: pytest.CaptureFixture[str]) -> None:
    SERIES.assign(temp=SERIES["temp"].where((SERIES.index < 210) | (SERIES.index > 240))).drop(columns="load").to_csv(
        "gap.csv", index=False
    )
    run("gap.csv", "--series", *QUICK, "--width", "6", "--scores", "scores.csv")
    assert "21 rows without a score, since no value is near" in capsys.readouterr().out
    found = pd.read_csv("scores.csv")
    assert found["score"].isna().sum() == 21
    assert set(found["anomaly"][found["score"].isna()]) == {0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["series.csv"], "is one long series of 300 steps"),
        (
            ["series.csv", "--series", "--codes", "a.csv"],
            "--codes is of sequences, but --series judges rows: write these",
        ),
        (["series.csv", "--series", "--test-size", "0.3"], "--test-size is the share of sequences held out; with"),
        (["series.csv", "--series", "--stride", "2"], "--stride is the distance of windows that are cut"),
        (["series.csv", "--series", "--channels", "2"], "--channels is for a row per sequence"),
        (
            ["series.csv", "--series", "--drop-empty"],
            "--drop-empty is about sequences; for --series, gaps may have any",
        ),
        (["series.csv", "--train", "9"], "--train is about the rows of a long series: say --series, too"),
        (["series.csv", "--scores", "a.csv"], "--scores is about the rows of a long series: say --series, too"),
        (["series.csv", "--false-alarm-rate", "0.1"], "--false-alarm-rate is about the rows of a long series"),
        (["--series"], "--series is about a file: give it as DATA"),
        (["series.csv", "--series", "--train", "0"], "--train: must be a number of rows or a share of them below 1"),
        (["series.csv", "--series", "--train", "2.5"], "--train: must be a number of rows or a share of them"),
        (
            ["series.csv", "--series", "--false-alarm-rate", "1"],
            "--false-alarm-rate: must be a share above 0 and below 1",
        ),
        (["series.csv", "--series", "--train", "301"], "--train 301 is more than the 300 rows of series.csv"),
        (
            ["series.csv", "--series", "--width", "299"],
            "are enough in one series. Take a smaller --width, or learn from more rows.",
        ),
        (
            ["series.csv", "--series", "--width", "250", "--train", "200"],
            "--width 250 is longer than the series: series.csv has 200 rows to learn from; take a window that fits",
        ),
        (["series.csv", "--series", "--train", "0.001"], "--train 0.001 of the 300 rows of series.csv leaves none to"),
        (["series.csv", "--series", "--values", "date"], "column 'date' holds '2020-01-01 00:00:00' in line 2, a date"),
        (["series.csv", "--series", "--scores", "a.txt"], "--scores a.txt: unknown suffix '.txt'"),
        (["series.csv", "--series", "--scores", "series.csv"], "--scores series.csv: would overwrite the data"),
    ],
)
def test_refusals(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert message in refused(capsys, *arguments)


def test_models_that_do_not_fit(capsys: pytest.CaptureFixture[str]) -> None:
    save(tiny().fit(RNG.normal(size=(9, 12, 2))), "codes.safetensors")
    save(
        LSTMSeriesOutlierDetector(LSTMAutoencoder(2, max_epochs=1), contamination=0.1, random_state=0).fit(
            SERIES[["temp"]]
        ),
        "rows.safetensors",
    )
    for option in (["--series"], ["--scores", "a.csv"]):
        message = refused(capsys, "series.csv", "--model", "codes.safetensors", *option)
        assert f"{option[0]} is for a model of long series, but codes.safetensors holds one of sequences" in message
    SERIES[["date", "load"]].to_csv("other.csv", index=False)
    assert "other.csv: The feature names should match" in refused(capsys, "other.csv", "--model", "rows.safetensors")
    for option in (["--codes", "a.csv"], ["--width", "4"]):
        assert refused(capsys, "series.csv", "--model", "rows.safetensors", *option).startswith(option[0])
    message = refused(capsys, "series.csv", "--model", "rows.safetensors", "--train", "9")
    assert "--train is about training, but --model has been trained" in message
    run("series.csv", "--model", "rows.safetensors")


def test_an_interrupted_fit_leaves_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(LSTMSeriesOutlierDetector):
        def fit(self, X: Any, y: Any = None) -> "Interrupted":
            raise KeyboardInterrupt

    monkeypatch.setattr(_detection, "LSTMSeriesOutlierDetector", Interrupted)
    assert main(["series.csv", "--series", *QUICK, "--scores", "a.csv", "--save", "a.safetensors"]) == 130
    expected = "sklearn_seqae: interrupted: the model is unfinished, and nothing is written\n"
    assert capsys.readouterr().err == expected
    assert [path.name for path in Path().iterdir()] == ["series.csv"]


def test_the_most_unusual_channels_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(_detection_outputs, "save_figure", lambda figure, path: drawn.append(figure))
    wide = pd.DataFrame({f"quiet {i}": np.sin(PHASE + i) for i in range(6)}).assign(loud=SERIES["temp"])
    wide.insert(0, "seconds", np.arange(N) * 0.5)
    wide.to_csv("wide.csv", index=False)
    run("wide.csv", "--series", *QUICK, "--plot", "a.png")
    labels = [axis.get_ylabel() for axis in drawn[0].axes]
    assert "loud" in labels
    assert labels[-1] == "score"
    assert drawn[0].axes[-1].get_xlabel() == "seconds"
    assert drawn[0].axes[-1].lines[0].get_xdata()[-1] == (N - 1) * 0.5


# Stretches


def test_stretches_beyond_a_threshold() -> None:
    scores = [np.array([0, 2, 0, 3, 0, 0, 0, 5.0]), np.array([np.nan, 4.0, 4.5])]
    errors = [np.tile([1.0, 3], (8, 1)), np.tile([np.nan, 1.0], (3, 1))]
    found = find_unusual(scores, errors, 1.0, gap=2)
    assert [(each.series, each.first, each.peak, each.last, each.score) for each in found] == [
        (0, 7, 7, 7, 5),
        (1, 1, 2, 2, 4.5),
        (0, 1, 3, 3, 3),
    ]
    np.testing.assert_allclose(
        np.stack([each.shares for each in found]), np.array([[0.25, 0.75], [0, 1], [0.25, 0.75]])
    )
    assert not find_unusual(scores, errors, 9, gap=2)


def test_peaks_are_apart() -> None:
    scores, errors = [np.array([0, 8, 9, 7, 6, 5.0]), np.array([np.nan, np.nan])], [np.zeros((6, 1)), np.zeros((2, 1))]
    found = find_peaks(scores, errors, 3, gap=1)
    assert [(each.series, each.peak) for each in found] == [(0, 2), (0, 4), (0, 0)]
    assert [each.peak for each in find_peaks(scores, errors, 1, gap=1)] == [2]
    assert found[0].shares.tolist() == [1]
