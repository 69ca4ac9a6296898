"""What the door refuses: each message says what is wrong, where, and what to do instead."""

import copy
import datetime
import itertools
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy import sparse
from sklearn.exceptions import NotFittedError

from sklearn_seqae import LSTMAutoencoder, NumpyAutoencoder, load_numpy, save
from tests.tiny import TINY

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

NAN, INF = np.nan, np.inf


def with_value(array: Any, place: Any, value: Any) -> Any:
    changed = np.array(array)
    changed[place] = value
    return changed


A = np.arange(48.0).reshape(6, 8)
C = np.arange(96.0).reshape(6, 8, 2)
L = [C[0], C[1, :3], C[2, :1]]
DF = pd.DataFrame(A, columns=list("abcdefgh"))
DATES = np.array([["2020-01-01", "2020-01-02"]] * 2, dtype="datetime64[D]")
TODAY = datetime.date(2020, 1, 1)
NESTED = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)

# id: X, the container it would have had, substance of the message
REFUSED: dict[str, tuple[Any, str, list[str]]] = {
    "infinity in table": (with_value(A, (2, 3), INF), "table", ["infinity", "inf at row 2, column 3", "NaN"]),
    "infinity in DataFrame": (DF.replace(11.0, -INF), "frame", ["infinity", "-inf at row 1, column 'd'", "NaN"]),
    "infinity in array": (with_value(C, (2, 3, 1), -INF), "array", ["-inf at sequence 2, step 3, channel 1", "NaN"]),
    "infinity in list": ([C[0], with_value(C[1], (3, 1), INF)], "list", ["inf at sequence 1, step 3, channel 1"]),
    "infinity in list_1d": ([A[0], with_value(A[1], 3, INF)[:5]], "list_1d", ["inf at sequence 1, step 3"]),
    "too large in table": (with_value(A, (2, 3), 1e39), "table", ["too large", "float32", "1e+39", "row 2, column 3"]),
    "too large in list": (
        [C[0], with_value(C[1], (3, 1), -1e39)],
        "list",
        ["too large", "-1e+39", "sequence 1, step 3"],
    ),
    "too large to compute with": (
        with_value(A, (2, 3), -3e38),
        "table",
        ["too large to compute with in float32", "-3e+38 at row 2, column 3", "up to 1.1e+38", "divide X"],
    ),
    "too large to compute with in list": (
        [C[0], with_value(C[1], (3, 1), 2e38)],
        "list",
        ["2e+38 at sequence 1, step 3"],
    ),
    "too large int in table": ([[*range(7), 10**400]], "table", ["too large"]),
    "too large int in list": ([[1, 2], [1, 2, 10**400]], "list_1d", ["too large", "X[1]"]),
    "empty row": (with_value(A, 2, NAN), "table", ["NaN only in row 2", "at least one observed value"]),
    "empty sequences": (with_value(C, [2, 4], NAN), "array", ["NaN only in sequence 2 (and 1 more)", "Drop"]),
    "empty sequence in list": ([C[0], C[1] * NAN], "list", ["NaN only in sequence 1", "Drop"]),
    "no rows": (A[:0], "table", ["0 sample"]),
    "no sequences": (C[:0], "array", ["0 sample"]),
    "no sequences in list": ([], "list", ["list of 0 sequences", "(n_timesteps_i, n_channels)"]),
    "no columns": (A[:, :0], "table", ["0 feature"]),
    "no steps": (C[:, :0], "array", ["(6, 0, 2)", "no time steps", "Accepted are"]),
    "no steps in list": ([C[0], C[1, :0]], "list", ["X[1]", "(0, 2)", "at least 1 step"]),
    "no channels": (C[:, :, :0], "array", ["(6, 8, 0)", "no channels", "Accepted are"]),
    "no channels in list": ([C[0, :, :0]], "list", ["X[0]", "(8, 0)", "1 channel"]),
    "channels differ": (
        [*L, C[3, :, :1]],
        "list",
        ["X[3] has 1 channels", "expected 2", "(n_timesteps_i, n_channels)"],
    ),
    "mixed axes": ([C[0], A[1]], "list", ["X[0] has 2 axes", "X[1] has 1", "all (n_timesteps_i, n_channels)"]),
    "complex table": (A + 1j, "table", ["Complex", "complex128", "two channels"]),
    "complex array": (C + 1j, "array", ["Complex", "complex128", "two channels"]),
    "complex in list": ([C[0], C[1] + 1j], "list", ["Complex", "X[1]", "two channels"]),
    "complex column": (DF.assign(c=1j), "frame", ["Complex", "column 'c'", "two channels"]),
    "objects: complex": ([[1.0, 1j], [1.0, 2.0]], "table", ["Complex", "X[0] holds 1j", "two channels"]),
    "objects: complex in list": ([[1.0, 2.0], [1.0, np.complex64(1j), 2.0]], "list_1d", ["omplex", "X[1]"]),
    "complex tensor": (torch.ones(3, 8, dtype=torch.complex64), "table", ["Complex", "complex64"]),
    "strings": (np.array([["x", "y"]]), "table", ["string 'x'", "Convert"]),
    "ragged in list": ([C[0], [[1.0], [1.0, 2.0]]], "list", ["X[1] cannot be read as an array", "Accepted are"]),
    "ragged tensor in list": ([NESTED], "list_1d", ["X[0] cannot be read as an array", "Accepted are"]),
    "empty list in list": ([[], [1.0]], "list_1d", ["X[0]", "(0,)", "at least 1 step"]),
    "numeric strings": (A.astype(str), "table", ["string", "'0.0'", "Convert"]),
    "bytes": (A.astype(bytes), "table", ["string", "b'0.0'", "Convert"]),
    "strings in array": (C.astype(str), "array", ["string", "'0.0'", "Convert"]),
    "strings in objects": (with_value(A.astype(object), (0, 1), "1"), "table", ["string", "'1'", "Convert"]),
    "string column": (DF.assign(c=list("123456")), "frame", ["string", "'1'", "column 'c'", "Convert"]),
    "string column polars": (
        pl.DataFrame(DF.assign(c=list("123456")).to_dict("list")),
        "frame",
        ["string", "'1'", "'c'", "Convert"],
    ),
    "nested strings": ([[1.0, 2.0], [3.0, "4"]], "table", ["string", "'4'", "Convert"]),
    "nested strings in list": ([[1.0, 2.0], [3.0, "4", 5.0]], "list_1d", ["string", "'4'", "X[1]", "Convert"]),
    "string column in list": ([DF, DF[:2].assign(c="4")], "list", ["string", "'4'", "'c'", "X[1]", "Convert"]),
    "objects: dict": (with_value(A.astype(object), (0, 1), {}), "table", ["dict"]),
    "objects: dict in list": ([A[0], np.array([1.0, {}])], "list_1d", ["dict", "X[1]", "Accepted are"]),
    "objects: column": (DF.assign(c=pd.Series([{}] * 6)), "frame", ["dict", "'c'"]),
    "dates": (DATES, "table", ["datetime64", "convert"]),
    "durations": (DATES - DATES[0, 0], "table", ["timedelta64", "convert"]),
    "dates in list": ([C[0, :, 0], DATES[0]], "list_1d", ["X[1]", "datetime64", "convert"]),
    "date column": (DF.assign(c=pd.date_range("2020", periods=6)), "frame", ["column 'c'", "datetime64", "convert"]),
    "date column polars": (pl.DataFrame({"a": [TODAY], "b": 1.0}), "table", ["convert dates", "'a'"]),
    "objects: dates": ([list(row) for row in DATES], "table", ["date"]),
    "objects: dates in list": ([[1.0, 2.0], list(DATES[1, :1])], "list_1d", ["date", "X[1]"]),
    "objects: date": (with_value(A.astype(object), (0, 1), TODAY), "table", ["date"]),
    "sparse": (sparse.csr_array(A), "table", ["parse", "dense", "toarray()"]),
    "sparse in list": ([sparse.csr_array(C[0])], "list", ["X[0]", "parse", "dense", "toarray()"]),
    "4-D": (np.zeros((2, 3, 4, 1)), "array", ["4 axes", "(2, 3, 4, 1)", "Accepted are"]),
    "3-D in list": ([np.zeros((3, 4, 1)), np.zeros((2, 4, 1))], "list", ["X[0]", "(3, 4, 1)", "(n_timesteps_i,"]),
    "1-D": (A[0], "table", ["Expected 2D array", "1D array", "reshape"]),
    "numbers": ([1.0, 2.0], "table", ["Expected 2D array", "1D array", "reshape"]),
    "scalar": (3.0, "table", ["Expected 2D array", "scalar"]),
    "scalar in list": ([A[0], 3.0], "list_1d", ["X[1]", "()", "(n_timesteps_i,)"]),
}


def refusal(name: str) -> Any:
    """The error: for sparse data and Python objects a TypeError is what scikit-learn raises."""
    kinds: dict[str, Any] = {"sparse": TypeError, "objects": (TypeError, ValueError)}
    return pytest.raises(kinds.get(name.replace(":", " ").split()[0], ValueError))


def assert_says(info: Any, substance: list[str]) -> None:
    for part in substance:
        assert part in str(info.value)


@pytest.fixture(scope="module")
def fitted() -> dict[str, LSTMAutoencoder]:
    """Models by what they were fitted on."""
    data: dict[str, Any] = {"table": A, "frame": DF, "array": C, "list": L, "list_1d": [s[:, 0] for s in L]}
    return {kind: LSTMAutoencoder(**TINY).fit(X) for kind, X in data.items()}


@pytest.fixture(scope="module")
def served(fitted: dict[str, LSTMAutoencoder], tmp_path_factory: pytest.TempPathFactory) -> dict[str, NumpyAutoencoder]:
    """The same models without torch."""
    path = tmp_path_factory.mktemp("models") / "model.safetensors"
    models = {}
    for kind, model in fitted.items():
        save(model, path)
        models[kind] = load_numpy(path)
    return models


def assert_refused_alike(model: LSTMAutoencoder, served: NumpyAutoencoder, method: str, *arguments: Any) -> None:
    """Without torch, in the same words."""
    errors = []
    for either in (model, served):
        with pytest.raises((TypeError, ValueError)) as info:
            getattr(either, method)(*arguments)
        errors.append(info.value)
    assert type(errors[0]) is type(errors[1])
    assert str(errors[0]).replace("LSTMAutoencoder", "NumpyAutoencoder") == str(errors[1])


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_fit_which_leaves_the_estimator_as_it_was(name: str, fitted: dict[str, LSTMAutoencoder]) -> None:
    X, kind, substance = REFUSED[name]
    for model in (LSTMAutoencoder(**TINY), copy.deepcopy(fitted[kind])):
        before = dict(vars(model))
        with refusal(name) as info:
            model.fit(X)
        assert_says(info, substance)
        assert vars(model).keys() == before.keys()
        assert all(value is before[attribute] for attribute, value in vars(model).items())


@pytest.mark.parametrize("name", REFUSED)
def test_refused_after_the_fit(name: str, fitted: dict[str, LSTMAutoencoder]) -> None:
    X, kind, substance = REFUSED[name]
    for method in ("transform", "reconstruct", "score_samples", "score"):
        with refusal(name) as info:
            getattr(fitted[kind], method)(X)
        assert_says(info, substance)


def test_an_error_in_mid_training_leaves_the_estimator_as_it_was() -> None:
    def fails(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        raise ArithmeticError("no")

    model = LSTMAutoencoder(**TINY).set_params(loss=fails)
    with pytest.raises(ArithmeticError):
        model.fit(A)
    with pytest.raises(NotFittedError):
        model.transform(A)
    assert vars(model) == vars(LSTMAutoencoder(**TINY, loss=fails))


@pytest.mark.parametrize("X", [C, L], ids=["array", "list"])
def test_n_channels_must_fit_the_data(X: Any) -> None:
    with pytest.raises(ValueError, match=r"X has 8 columns, which n_channels=3 does not divide: .*n_timesteps \*"):
        LSTMAutoencoder(**TINY, n_channels=3).fit(A)
    with pytest.raises(ValueError, match=r"X has 2 channels, but n_channels=3\. Leave n_channels"):
        LSTMAutoencoder(**TINY, n_channels=3).fit(X)


# id: what the model was fitted on, X, substance of the message
MISFITS: dict[str, tuple[str, Any, list[str]]] = {
    "columns": ("table", A[:, :5], ["5 features", "expecting 8"]),
    "column names": ("frame", DF.drop(columns="d"), ["feature names", "missing", "- d"]),
    "channels of array": (
        "array",
        C[:, :, :1],
        ["1 channels", "fitted on 2", "(n_sequences, n_timesteps, n_channels)"],
    ),
    "channels of list": ("list", [L[0], L[1][:, :1]], ["X[1] has 1 channels", "expected 2 as in the fit"]),
    "channels of list_1d": ("list_1d", L, ["X[0] has 2 channels", "expected 1 as in the fit"]),
    "table to array": ("array", A, ["fitted on 3-D or listed", "2 axes", "(6, 8)", "Pass a 3-D array", "np.newaxis"]),
    "table to list": ("list", A, ["fitted on 3-D or listed", "2 axes", "(6, 8)", "a list of"]),
    "array to table": ("table", C, ["fitted on a 2-D table of 8 columns", "3 axes", "(6, 8, 2)", "Pass a 2-D array"]),
    "list to table": (
        "table",
        [A[0], A[1, :3]],
        ["fitted on a 2-D table of 8 columns", "list of 2", "Pass a 2-D array"],
    ),
}


@pytest.mark.parametrize("name", MISFITS)
def test_unlike_the_fit(name: str, fitted: dict[str, LSTMAutoencoder]) -> None:
    kind, X, substance = MISFITS[name]
    for method in ("transform", "reconstruct", "score_samples", "score", "partial_fit"):
        with pytest.raises(ValueError) as info:
            getattr(fitted[kind], method)(X)
        assert_says(info, substance)


# id: code, substance of the message
BAD_CODES: dict[str, tuple[Any, list[str]]] = {
    "too wide": (np.zeros((2, 4)), ["Z has 4 columns", "have 3", "`transform`"]),
    "1-D": (np.zeros(3), ["Expected 2D array", "1D array", "reshape"]),
    "3-D": (np.zeros((1, 2, 3)), ["Expected 2D array", "3D array"]),
    "none": (np.zeros((0, 3)), ["0 sample"]),
    "NaN": ([[0, NAN, 0]], ["Z contains NaN", "nan at row 0, column 1"]),
    "infinite": ([[0, INF, 0]], ["Z contains infinity", "inf at row 0, column 1"]),
    "too large": ([[0, 1e39, 0]], ["Z contains infinity or a value too large", "float32"]),
    "complex": (np.zeros((2, 3)) + 1j, ["Complex"]),
    "strings": ([["a", "b", "c"]], ["string", "'a'"]),
}


@pytest.mark.parametrize(("Z", "substance"), BAD_CODES.values(), ids=BAD_CODES)
def test_codes_refused(Z: Any, substance: list[str], fitted: dict[str, LSTMAutoencoder]) -> None:
    with pytest.raises(ValueError) as info:
        fitted["array"].inverse_transform(Z)
    assert_says(info, substance)


# id: lengths for two codes, substance of the message
BAD_LENGTHS: dict[str, tuple[Any, list[str]]] = {
    "too few": ([5], ["(1,)", "2 codes", "(2,)", "a single number"]),
    "too many": ([5, 3, 2], ["(3,)", "2 codes", "(2,)"]),
    "2-D": ([[5, 3]], ["(1, 2)", "2 codes", "(2,)"]),
    "zero": (0, ["lengths[0] is 0", "at least 1"]),
    "negative": ([5, -1], ["lengths[1] is -1", "at least 1"]),
    "fractional": ([5, 2.5], ["whole numbers", "[5, 2.5]"]),
    "NaN": ([5, NAN], ["whole numbers", "[5, nan]"]),
    "infinite": ([5, INF], ["inf"]),
    "string": ("5", ["whole numbers", "'5'"]),
    "bool": (True, ["whole numbers", "True"]),
}


@pytest.mark.parametrize("kind", ["table", "array", "list"])
@pytest.mark.parametrize(("lengths", "substance"), BAD_LENGTHS.values(), ids=BAD_LENGTHS)
def test_lengths_refused(lengths: Any, substance: list[str], kind: str, fitted: dict[str, LSTMAutoencoder]) -> None:
    with pytest.raises(ValueError) as info:
        fitted[kind].inverse_transform(np.zeros((2, 3)), lengths=lengths)
    assert_says(info, substance)


def test_refused_alike_without_torch(fitted: dict[str, LSTMAutoencoder], served: dict[str, NumpyAutoencoder]) -> None:
    same = [(kind, X) for X, kind, _ in REFUSED.values()]
    same += [(kind, X) for name, (kind, X, _) in MISFITS.items() if name != "column names"]  # scikit-learn's words
    for kind, X in same:
        assert_refused_alike(fitted[kind], served[kind], "transform", X)
    for Z, _ in BAD_CODES.values():
        assert_refused_alike(fitted["array"], served["array"], "inverse_transform", Z)
    for kind, (lengths, _) in itertools.product(["table", "list"], BAD_LENGTHS.values()):
        assert_refused_alike(fitted[kind], served[kind], "inverse_transform", np.zeros((2, 3)), lengths)


def test_lengths_beyond_a_table_are_refused(fitted: dict[str, LSTMAutoencoder]) -> None:
    with pytest.raises(ValueError, match=r"lengths\[1\] is 9; it must be at most the 8 time steps of the fitted 2-D"):
        fitted["table"].inverse_transform(np.zeros((2, 3)), lengths=[8, 9])
