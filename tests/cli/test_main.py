"""The command line, from arguments to files and messages."""

import functools
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from sklearn import config_context
from skorch.callbacks import Callback

from sklearn_seqae import LSTMAutoencoder, save
from sklearn_seqae._cli import _job
from sklearn_seqae._cli._arguments import make_parser, parse
from sklearn_seqae._cli._checks import check
from sklearn_seqae._cli._main import main
from sklearn_seqae._cli._splitting import split_rows
from tests.killing import press_ctrl_c
from tests.tiny import tiny

N = 20


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test has an empty working directory, and leaves nothing of the process changed."""
    monkeypatch.chdir(tmp_path)
    before = warnings.showwarning, list(warnings.filters)
    yield
    assert (warnings.showwarning, list(warnings.filters)) == before


@pytest.fixture
def waves() -> np.ndarray[Any, Any]:
    """Sequences of 12 steps and 2 channels, saved as waves.npy."""
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, size=(N, 1, 1))
    X = 3 + np.sin(np.linspace(0, 6, 12)[:, None] + np.arange(2) + phase)
    np.save("waves.npy", X)
    return X


def run(*arguments: str, epochs: int = 1) -> None:
    assert main([*arguments, "--quiet", "--max-epochs", str(epochs)]) == 0


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on stderr of a run that is refused before anything is trained."""
    with pytest.raises(SystemExit) as caught:
        main([*arguments])
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert "Trained" not in out
    assert err.startswith("sklearn_seqae: error: ")
    assert err.count("\n") == 1
    return err


def numbers(line: str) -> list[float]:
    return [float(word) for word in line.split() if word.replace(".", "").replace("-", "").isdigit() and "." in word]


def table(out: str) -> dict[str, list[float]]:
    """The rows of scores, by the first word."""
    lines = [line for line in out.splitlines() if line.startswith(("share", "accuracy"))]
    return {line.split()[0]: numbers(line) for line in lines}


# The built-in data


def test_digits(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main(["--max-epochs", "2", "--codes", "codes.npy"]) == 0
    out, err = capsys.readouterr()
    assert "1797 sequences of 8 steps, 8 channels, nothing missing" in out
    assert "Training on 1437 sequences, 360 held out" in out
    assert "On the 360 held-out sequences" in out
    assert "PCA, 8 components" in out
    scores = table(out)
    assert scores["share"][1] == pytest.approx(0.607, abs=0.02)  # of PCA, on standardised channels
    assert scores["accuracy"][1] == pytest.approx(0.894, abs=0.03)  # of PCA, on the images as they are
    assert scores["accuracy"][0] > 0.2  # chance is 0.1
    assert "digits_reconstructions.png\n  10 held-out digits above their reconstructions from 8 numbers each" in out
    height, width = imread("digits_reconstructions.png").shape[:2]
    assert width > 3 * height > 600
    assert np.load("codes.npy").shape == (1797, 8)
    assert "epoch 2/2" in err  # the progress bar, as in a terminal


def test_the_digits_picture_is_replaced_with_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    """The main command can be run again; a name that the user gave is another matter."""
    picture = Path("digits_reconstructions.png")
    parser = make_parser()
    assert check(parse(parser, [])).plot == picture
    assert capsys.readouterr().out == ""
    picture.write_bytes(b"")
    assert check(parse(parser, [])).plot == picture
    assert capsys.readouterr().out == f"{picture} is there from an earlier run and will be replaced\n"
    assert f"--plot {picture}: exists already" in refused(capsys, "--plot", str(picture))
    Path("codes.npy").write_bytes(b"")
    assert "--codes codes.npy: exists already" in refused(capsys, "--codes", "codes.npy")


def test_digits_trained_on_all(capsys: pytest.CaptureFixture[str]) -> None:
    run("--test-size", "0", "--latent-dim", "2", "--plot", "digits.svg")
    out, _ = capsys.readouterr()
    assert "Training on 1797 sequences, none held out" in out
    assert "On the 1797 training sequences" in out
    assert "expect less" in out
    assert "digits.svg\n  10 training digits above their reconstructions from 2 numbers each" in out
    assert [path.name for path in Path().iterdir()] == ["digits.svg"]


def test_digits_whatever_scikit_learn_is_set_to_return(capsys: pytest.CaptureFixture[str]) -> None:
    with config_context(transform_output="pandas"):
        run("--codes", "codes.npy")
    assert len(table(capsys.readouterr().out)["accuracy"]) == 2
    assert np.load("codes.npy").shape == (1797, 8)


def test_digits_without_matplotlib(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    run()
    out, err = capsys.readouterr()
    assert err.splitlines()[0] == "A picture of some digits needs matplotlib: pip install matplotlib"
    assert set(table(out)) == {"share", "accuracy"}
    assert not list(Path().iterdir())


# Files


def test_everything_for_a_file(waves: np.ndarray[Any, Any], capsys: pytest.CaptureFixture[str]) -> None:
    outputs = ["--codes", "codes.csv", "--save", "model.joblib", "--plot", "plot.png"]
    run("waves.npy", *outputs, "--latent-dim", "3", epochs=100)
    out, err = capsys.readouterr()
    assert err == ""
    assert f"waves.npy: read as {N} sequences of 12 steps, 2 channels, nothing missing" in out
    assert "Training on 16 sequences, 4 held out" in out
    assert "model.joblib\n  model, fitted on the 16 training sequences: joblib.load('model.joblib')" in out
    assert f"codes.csv\n  codes of all {N} sequences, in their order" in out
    assert "plot.png\n  4 held-out sequences, from the best reconstructed to the worst" in out
    codes, model = pd.read_csv("codes.csv"), joblib.load("model.joblib")
    assert list(codes.columns) == [f"lstmautoencoder{i}" for i in range(3)]
    np.testing.assert_allclose(codes, model.transform(waves), atol=1e-6)
    (share,) = [row for name, row in table(out).items() if name == "share"]
    assert share[0] > 0.2
    assert share[1] > 0.99  # sines of one frequency are a plane
    assert imread("plot.png").shape[0] > 300


@pytest.mark.parametrize("channels", [1, 2])
def test_a_model_is_kept_and_applied(
    channels: int, waves: np.ndarray[Any, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    pd.DataFrame(waves.reshape(N, -1)).assign(id=np.arange(N)).to_csv("waves.csv", index=False)
    pd.DataFrame(waves[:5].reshape(5, -1)).assign(id=list("abcde")).to_csv("new.csv", index=False)
    run("waves.csv", "--id", "id", "--channels", str(channels), "--codes", "a.csv", "--save", "model.safetensors")
    assert "sklearn_seqae.load('model.safetensors')" in capsys.readouterr().out
    outputs = ["--codes", "b.csv", "--plot", "b.png"]
    assert main(["new.csv", "--id", "id", "--model", "model.safetensors", *outputs]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert f"new.csv: read as 5 sequences of {24 // channels} steps" in out
    assert "Applied model.safetensors: " in out
    assert "On the 5 given sequences" in out
    assert "There is no PCA to compare with, since the model was fitted before" in out
    assert "b.png\n  4 given sequences" in out
    found, expected = pd.read_csv("b.csv", index_col="id"), pd.read_csv("a.csv", index_col="id")
    assert list(found.index) == list("abcde")
    np.testing.assert_allclose(found, expected[:5], rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "none.safetensors"], "--model none.safetensors: no such file"),
        (["--model", "waves.npy"], "--model waves.npy: only .safetensors files are read, which run no code"),
        (["--model", "bad.safetensors"], "bad.safetensors cannot be read: it is no safetensors file"),
        (["--model", "unfitted.safetensors"], "unfitted.safetensors: holds a model that has not been fitted"),
        (["--model", "other.safetensors"], "waves.npy: X has 2 channels, but"),
        (["--model", "other.safetensors", "--latent-dim", "3"], "--latent-dim is about training, but --model has been"),
        (["--model", "other.safetensors", "--save", "a.pkl"], "--save is about training"),
    ],
)
@pytest.mark.usefixtures("waves")
def test_models_that_cannot_be_applied(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.safetensors").write_bytes(b"x" * 100)
    save(LSTMAutoencoder(), "unfitted.safetensors")
    save(tiny().fit(np.random.default_rng(0).normal(size=(9, 12, 1))), "other.safetensors")
    assert message in refused(capsys, "waves.npy", *arguments)


def test_scores_are_of_rows_not_trained_on(waves: np.ndarray[Any, Any], capsys: pytest.CaptureFixture[str]) -> None:
    waves[5] += 100
    np.save("waves.npy", waves)
    for seed in range(2):
        run("waves.npy", "--save", "model.pkl", "--test-size", "0.5", "--random-state", str(seed), "--force")
        assert "Training on 10 sequences, 10 held out" in capsys.readouterr().out
        model = pickle.loads(Path("model.pkl").read_bytes())
        trained_on_it = bool(np.all(model.channel_mean_ > 8))
        assert trained_on_it == (5 in split_rows(N, 0.5, seed).training)


def test_the_same_twice(waves: np.ndarray[Any, Any]) -> None:
    for name in ("a.npy", "b.npy"):
        run("waves.npy", "--codes", name)
    run("waves.npy", "--codes", "c.npy", "--random-state", "1")
    a, b, c = (np.load(name) for name in ("a.npy", "b.npy", "c.npy"))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_table_of_several_channels(waves: np.ndarray[Any, Any], capsys: pytest.CaptureFixture[str]) -> None:
    flat = pd.DataFrame(waves.reshape(N, -1)).assign(label="a")
    flat.to_csv("waves.csv", index=False)
    run("waves.csv", "--drop", "label", "--channels", "2", "--codes", "a.parquet", "--plot", "a.png")
    assert "20 sequences of 12 steps, 2 channels, nothing missing" in capsys.readouterr().out
    run("waves.npy", "--codes", "b.npy")
    np.testing.assert_allclose(pd.read_parquet("a.parquet"), np.load("b.npy"), atol=1e-6)


def test_missing_values(waves: np.ndarray[Any, Any], capsys: pytest.CaptureFixture[str]) -> None:
    waves[0, 8:] = np.nan
    waves[1, 2, 0] = np.nan
    np.save("waves.npy", waves)
    run("waves.npy", "--plot", "a.png")
    out, _ = capsys.readouterr()
    assert "20 sequences of 8 to 12 steps, 2 channels, 0.21 % of the values missing" in out
    assert "There is no PCA to compare with, since the sequences differ in length." in out
    assert len(table(out)["share"]) == 1
    waves[0] = waves[2]
    np.save("waves.npy", waves)
    run("waves.npy")
    assert "There is no PCA to compare with, since values are missing." in capsys.readouterr().out


def test_ragged_sequences(waves: np.ndarray[Any, Any], capsys: pytest.CaptureFixture[str]) -> None:
    np.savez("ragged.npz", *[x[: 5 + i % 4] for i, x in enumerate(waves)])
    run("ragged.npz", "--codes", "codes.csv", "--plot", "a.pdf", "--save", "model.skops")
    out, _ = capsys.readouterr()
    assert "20 sequences of 5 to 8 steps, 2 channels, nothing missing" in out
    assert "skops.io.load('model.skops', trusted=" in out
    assert len(pd.read_csv("codes.csv")) == N


def test_more_channels_than_are_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    np.savez("many.npz", X=np.random.default_rng(0).normal(size=(4, 5, 6)), y=np.arange(4))
    run("many.npz", "--key", "X", "--plot", "a.png", "--test-size", "0.5")
    assert "2 held-out sequences, 4 channels of them, from the best" in capsys.readouterr().out


def test_one_sequence(capsys: pytest.CaptureFixture[str]) -> None:
    Path("one.csv").write_text("1,2,3,2,1\n")
    assert "--test-size 0.2 of 1 sequence leaves none to train on; --test-size 0" in refused(capsys, "one.csv")
    run("one.csv", "--test-size", "0", "--plot", "a.png")
    out, _ = capsys.readouterr()
    assert "1 sequence of 5 steps, 1 channel" in out
    assert "since there is only one training sequence" in out
    assert "1 training sequence, from the best" in out


def test_long_table(waves: np.ndarray[Any, Any], capsys: pytest.CaptureFixture[str]) -> None:
    steps = pd.DataFrame(waves.reshape(-1, 2), columns=["a", "b"])
    steps.insert(0, "who", np.repeat([f"w{i}" for i in range(N)], 12))
    steps.insert(1, "when", np.tile(np.arange(12), N))
    steps.sample(frac=1, random_state=0).to_csv("long.csv", index=False)
    run("long.csv", "--id", "who", "--time", "when", "--sort", "--codes", "codes.csv", "--plot", "a.png")
    out, err = capsys.readouterr()
    assert err == ""
    assert "20 sequences of 12 steps, 2 channels, nothing missing" in out
    assert "codes of all 20 sequences, in their order and with their who" in out
    codes = pd.read_csv("codes.csv")
    assert codes.columns[0] == "who"
    assert set(codes["who"]) == {f"w{i}" for i in range(N)}


def test_windows_of_a_long_series(capsys: pytest.CaptureFixture[str]) -> None:
    series = pd.DataFrame({"date": pd.date_range("2020-01-01", periods=200, freq="h"), "x": np.sin(np.arange(200) / 3)})
    series.to_csv("series.csv", index=False)
    run("series.csv", "--time", "date", "--width", "20", "--codes", "codes.csv", "--plot", "a.png")
    out, err = capsys.readouterr()
    assert err == ""
    assert "19 windows of 20 steps, 1 channel, nothing missing" in out
    assert "14 sequences, 4 held out at the end of the series, and 1 before them left out that overlap them" in out
    assert list(pd.read_csv("codes.csv")["start"][:2]) == ["2020-01-01 00:00:00", "2020-01-01 10:00:00"]


# Refusals


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--latent-dim", "0"], "--latent-dim: must be a whole number of at least 1, got '0'"),
        (["--latent-dim", "2.5"], "--latent-dim: must be a whole number of at least 1, got '2.5'"),
        (["--max-epochs", "many"], "--max-epochs: must be a whole number of at least 1, got 'many'"),
        (["--random-state", "-1"], "--random-state: must be a whole number from 0 to 4294967295, got '-1'"),
        (["--test-size", "1"], "--test-size: must be a share from 0 to below 1, got '1'"),
        (["--test-size", "nan"], "--test-size: must be a share from 0 to below 1, got 'nan'"),
        (["--test-size", "x"], "--test-size: must be a share"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["none.npy"], "none.npy: no such file"),
        (["none.xyz"], "none.xyz: no such file"),
        (["waves.npy", "--channels", "3"], "--channels 3 is for 2-D tables; waves.npy has 2"),
        (["waves.npy", "--test-size", "0.99"], "--test-size 0.99 of 20 sequences leaves none to train on"),
        (["waves.npy", "--device", "nonsense"], "device='nonsense' cannot be used"),
        (["waves.npy", "--codes", "codes.txt"], "--codes codes.txt: unknown suffix '.txt'"),
        (["waves.npy", "--save", "model.h5"], "--save model.h5: unknown suffix '.h5'"),
        (["waves.npy", "--plot", "plot.doc"], "--plot plot.doc: unknown suffix '.doc'"),
        (["waves.npy", "--plot", "none/plot.png"], "--plot none/plot.png: there is no folder none"),
        (["waves.npy", "--codes", "./waves.npy"], "would overwrite the data"),
        (["--channels", "2"], "--channels is about a file"),
        (["--drop", "a"], "--drop is about a file"),
        (["--key", "X"], "--key is about a file"),
        (["--no-header"], "--header is about a file"),
        (["--drop-empty"], "--drop-empty is about a file"),
        (["--decimal", "x"], "--decimal: invalid choice: 'x'"),
        (["--memory", "0"], "--memory: must be a number above 0, got '0'"),
        (["--width", "1"], "--width: must be a whole number of at least 2, got '1'"),
    ],
)
@pytest.mark.usefixtures("waves")
def test_refused_arguments(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert message in refused(capsys, *arguments)


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("1,2,3\n4,5,6\n", ["--channels", "2"], "--channels 2 does not divide the 3 columns of a.csv"),
        (
            "1,2\n3,inf\n",
            [],
            "a.csv: column '1' holds inf in line 2; leave the cell empty",
        ),
        ("a,b\n1,2\n,\n", [], "a.csv: has no value in line 3; leave it out with --drop-empty"),
        ("id,b\nx,2\n", [], "sequences of a single time step"),
        ("1,2\n", ["--drop", "0", "--drop", "1"], "a.csv: has no column left that could hold values"),
        ("day,x\na,1\nb,2\n", ["--drop", "day"], "so it is one long series: find what is unusual in it with --series"),
        (
            "day,x\na,1\nb,2\n",
            [],
            "the column out with --drop day, or say --id day if it names the sequences",
        ),
        ("1\n2\n3\n4\n", ["--width", "3"], "leaves none to train on that do not overlap those held out"),
        ("a,b\n", [], "a.csv: holds no data below its header"),
        ("1,2\n3,4\n", ["--memory", "1e-9"], "a.csv: its numbers would fill"),
    ],
)
def test_refused_tables(capsys: pytest.CaptureFixture[str], text: str, arguments: list[str], message: str) -> None:
    Path("a.csv").write_text(text)
    assert message in refused(capsys, "a.csv", *arguments)


def test_refused_picture_without_matplotlib(
    waves: np.ndarray[Any, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    message = refused(capsys, "waves.npy", "--plot", "a.png")
    assert "--plot a.png needs matplotlib: pip install matplotlib" in message


# Warnings and interruption


def test_warnings_are_one_line(waves: np.ndarray[Any, Any], capsys: pytest.CaptureFixture[str]) -> None:
    np.save("large.npy", 1e9 + np.random.default_rng(0).normal(size=(8, 6)))  # varies too little for float32
    run("large.npy")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("sklearn_seqae: warning: ")
    assert ".py" not in line


class _Interrupt(Callback):
    """Ctrl-C in the third epoch."""

    def on_batch_end(self, net: Any, **kwargs: Any) -> None:
        if len(net.history) == 3:
            press_ctrl_c()


def test_interrupted_training_is_kept(
    waves: np.ndarray[Any, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted = functools.partial(LSTMAutoencoder, callbacks=[_Interrupt()])
    monkeypatch.setattr(_job, "LSTMAutoencoder", interrupted)
    arguments = ["--quiet", "--max-epochs", "9", "--codes", "codes.npy", "--save", "model.joblib"]
    assert main(["waves.npy", *arguments]) == 130
    out, err = capsys.readouterr()
    assert "sklearn_seqae: warning: Training interrupted by user after 2 epochs." in err
    assert err.endswith("sklearn_seqae: interrupted: the model is unfinished, after 2 epochs\n")
    assert "unfinished model, interrupted while learning from the 16 training sequences" in out
    assert "Trained for 2 epochs" in out
    assert np.load("codes.npy").shape == (N, 8)
    assert joblib.load("model.joblib").n_iter_ == 2


def test_interrupted_elsewhere(
    waves: np.ndarray[Any, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(LSTMAutoencoder, "transform", interrupt)
    assert main(["waves.npy", "--max-epochs", "1"]) == 130
    assert capsys.readouterr().err.endswith("sklearn_seqae: interrupted\n")


def test_out_of_memory(
    waves: np.ndarray[Any, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask_for_too_much(*args: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(LSTMAutoencoder, "fit", ask_for_too_much)
    assert "waves.npy: there is not enough memory" in refused(capsys, "waves.npy")


# The program itself


def shell(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sklearn_seqae", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **variables})


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for part in ("examples:", "python -m sklearn_seqae", "scikit-learn ships", ".parquet", "--latent-dim N"):
        assert part in text


def test_from_the_shell() -> None:
    done = shell("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"sklearn_seqae {version('sklearn-seqae')}\n", "")
    done = shell("none.csv")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "sklearn_seqae: error: none.csv: no such file\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["--latent-dim", "none"],
        ["none.csv"],
        ["."],
        ["a.xlsx"],
        ["a.npy", "--drop", "0"],
        ["a.npy", "--codes", "none/codes.csv"],
        ["a.npy", "--codes", "./a.npy"],
    ],
)
def test_what_needs_no_torch_does_not_import_it(arguments: list[str]) -> None:
    for name in ("a.xlsx", "a.npy"):
        Path(name).write_text("")
    code = f"""
import runpy, sys
sys.argv[1:] = {arguments}
try:
    runpy.run_module("sklearn_seqae", run_name="__main__", alter_sys=True)
except SystemExit as error:
    print(error.code, *({{"torch", "sklearn", "pandas", "numpy"}} & {{*sys.modules}}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ("0" if arguments[0] in ("--help", "--version") else "2")


@pytest.mark.parametrize("module", ["torch", "argparse"])
def test_interrupted_while_importing(module: str) -> None:
    Path(f"{module}.py").write_text("raise KeyboardInterrupt")
    np.save("a.npy", np.ones((3, 4)))
    path = os.pathsep.join([str(Path.cwd()), *sys.path])
    done = shell("a.npy", PYTHONPATH=path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "sklearn_seqae: interrupted\n")
