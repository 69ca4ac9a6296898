"""The door: what X may be, what it becomes and how it goes back. What it refuses is in `test_refusals`."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from sklearn_seqae import LSTMAutoencoder
from sklearn_seqae._data._codes import validate_lengths
from sklearn_seqae._data._readers import validate_sequences
from sklearn_seqae._data._sequences import Container, Layout, Sequences, restore
from sklearn_seqae._data._statistics import channel_statistics, squared_deviations
from tests.tiny import TINY

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

NAN = np.nan


def door(X: Any, **kwargs: Any) -> Sequences:
    return validate_sequences(LSTMAutoencoder(), X, **kwargs)


def unpack(sequences: Sequences) -> list[NDArray[np.float32]]:
    """Each sequence without its padding, (T_i, c)."""
    bounds = zip(sequences.starts, sequences.lengths, strict=True)
    return [sequences.steps[start : start + length] for start, length in bounds]


def assert_holds(sequences: Sequences, expected: list[Any], container: Container) -> None:
    assert sequences.container == container
    assert sequences.steps.dtype == np.float32
    assert len(sequences) == len(expected)
    for found, wanted in zip(unpack(sequences), expected, strict=True):
        np.testing.assert_array_equal(found, np.reshape(np.asarray(wanted, dtype=float), (len(wanted), -1)))


def objects(*elements: Any) -> NDArray[np.object_]:
    array = np.empty(len(elements), dtype=object)
    array[:] = elements
    return array


def read_only(array: Any) -> Any:
    array = np.array(array)
    array.flags.writeable = False
    return array


def with_value(array: Any, place: Any, value: Any) -> Any:
    changed = np.array(array)
    changed[place] = value
    return changed


TABLE = np.array([[1.0, 0.0, 3.0, 4.0], [0.0, 6.0, 7.0, 8.0]])
ROWS = [row[:, np.newaxis] for row in TABLE]
FRAME = pd.DataFrame(TABLE, columns=list("abcd"))
CUBE = np.arange(24.0).reshape(2, 4, 3)
RAGGED = [np.arange(6.0).reshape(3, 2), np.arange(8.0).reshape(4, 2), np.ones((1, 2))]
RAGGED_1D = [sequence[:, 0] for sequence in RAGGED]
WITH_NA = FRAME.astype("Int64").mask(FRAME == 6)

# id: X, container, the sequences it holds
ACCEPTED: dict[str, tuple[Any, Container, list[Any]]] = {
    "table": (TABLE, "table", ROWS),
    "table float32": (TABLE.astype(np.float32), "table", ROWS),
    "table int": (TABLE.astype(int), "table", ROWS),
    "table bool": (TABLE.astype(bool), "table", [row.astype(bool) for row in ROWS]),
    "table Fortran": (np.asfortranarray(TABLE), "table", ROWS),
    "table read-only": (read_only(TABLE), "table", ROWS),
    "table objects": (TABLE.astype(object), "table", ROWS),
    "DataFrame": (FRAME, "table", ROWS),
    "DataFrame Int64": (WITH_NA, "table", [ROWS[0], [0, NAN, 7, 8]]),
    "DataFrame polars": (pl.DataFrame(TABLE), "table", ROWS),
    "table tensor": (torch.tensor(TABLE), "table", ROWS),
    "table tensor grad": (torch.tensor(TABLE, requires_grad=True), "table", ROWS),
    "table tensor bfloat16": (torch.tensor(TABLE, dtype=torch.bfloat16), "table", ROWS),
    "table tensor int": (torch.tensor(TABLE).int(), "table", ROWS),
    "table masked": (np.ma.masked_equal(TABLE, 6), "table", [ROWS[0], [0, NAN, 7, 8]]),
    "table masked int": (np.ma.masked_equal(TABLE.astype(int), 8), "table", [ROWS[0], [0, 6, 7]]),
    "table NaN": (with_value(TABLE, (0, [0, 2, 3]), NAN), "table", [[NAN, 0], ROWS[1]]),
    "array": (CUBE, "array", list(CUBE)),
    "array Fortran": (np.asfortranarray(CUBE), "array", list(CUBE)),
    "array read-only": (read_only(CUBE), "array", list(CUBE)),
    "array tensor": (torch.tensor(CUBE, requires_grad=True).bfloat16(), "array", list(CUBE)),
    "array masked": (np.ma.masked_greater_equal(CUBE, 18), "array", [CUBE[0], CUBE[1, :2]]),
    "array NaN in one channel": (
        with_value(CUBE, (1, 3, 1), NAN),
        "array",
        [CUBE[0], with_value(CUBE[1], (3, 1), NAN)],
    ),
    "array NaN in all channels": (
        with_value(CUBE, (1, [0, 2, 3]), NAN),
        "array",
        [CUBE[0], with_value(CUBE[1, :2], 0, NAN)],
    ),
    "list": (RAGGED, "list", RAGGED),
    "list equal lengths": (list(CUBE), "list", list(CUBE)),
    "tuple": (tuple(RAGGED), "list", RAGGED),
    "objects": (objects(*RAGGED), "list", RAGGED),
    "Series": (pd.Series(RAGGED), "list", RAGGED),
    "list of lists of equal length": (CUBE.tolist(), "list", list(CUBE)),
    "list of lists": ([sequence.tolist() for sequence in RAGGED], "list", RAGGED),
    "list of DataFrames": ([pd.DataFrame(sequence) for sequence in RAGGED], "list", RAGGED),
    "list of DataFrames polars": ([pl.DataFrame(sequence) for sequence in RAGGED], "list", RAGGED),
    "list of DataFrames Int64": ([WITH_NA, WITH_NA[:1]], "list", [WITH_NA.to_numpy(float, na_value=NAN), TABLE[:1]]),
    "list of tensors": ([torch.tensor(s, requires_grad=True) for s in RAGGED], "list", RAGGED),
    "list of tensors bfloat16": ([torch.tensor(s).bfloat16() for s in RAGGED], "list", RAGGED),
    "list of masked": ([np.ma.masked_equal(RAGGED[0], 3)], "list", [with_value(RAGGED[0], (1, 1), NAN)]),
    "list mixed dtypes": ([RAGGED[0].astype(int), RAGGED[1].tolist(), RAGGED[2].astype("f2")], "list", RAGGED),
    "list NaN": ([with_value(RAGGED[0], ([0, 2],), NAN)], "list", [[[NAN, NAN], RAGGED[0][1]]]),
    "list_1d": (RAGGED_1D, "list_1d", RAGGED_1D),
    "list_1d objects": (objects(*RAGGED_1D), "list_1d", RAGGED_1D),
    "list_1d lists": ([s.tolist() for s in RAGGED_1D], "list_1d", RAGGED_1D),
    "list_1d Series": ([pd.Series(s) for s in RAGGED_1D], "list_1d", RAGGED_1D),
    "list_1d lists of equal length": (TABLE.tolist(), "list_1d", ROWS),
    "list_1d tuples of equal length": (tuple(map(tuple, TABLE)), "list_1d", ROWS),
    "list_1d None in the middle": ([[1.0, None, 3.0]], "list_1d", [[1.0, NAN, 3.0]]),
    "list_1d None": ([[1.0, None], [1.0, 2.0, 3.0, None]], "list_1d", [[1.0], [1.0, 2.0, 3.0]]),
}


@pytest.mark.parametrize(("X", "container", "expected"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(X: Any, container: Container, expected: list[Any]) -> None:
    assert_holds(door(X), expected, container)


def test_a_table_of_several_channels_is_time_major() -> None:
    expected = [np.reshape(row, (2, 2)) for row in TABLE]
    assert_holds(door(TABLE, n_channels=2), expected, "table")
    padded = with_value(TABLE, (0, slice(2, None)), NAN)
    assert_holds(door(padded, n_channels=2), [expected[0][:1], expected[1]], "table")


@pytest.mark.parametrize("X", [TABLE, CUBE], ids=["table", "array"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_memory_maps_are_read_and_left_alone(X: NDArray[Any], dtype: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", X.astype(dtype))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    np.testing.assert_array_equal(door(mapped).steps.ravel(), X.ravel())
    assert np.shares_memory(door(mapped).steps, mapped) == (dtype == np.float32)


@pytest.mark.parametrize("X", [TABLE, CUBE, with_value(CUBE, (0, 0), NAN)], ids=["table", "array", "NaN"])
def test_contiguous_float32_is_not_copied(X: NDArray[Any]) -> None:
    X = read_only(X.astype(np.float32))
    assert np.shares_memory(door(X).steps, X)


FITTED_ON_TABLE: dict[str, Any] = {
    "list of rows": list(TABLE),
    "masked rows": [np.ma.masked_equal(row, 7) for row in TABLE],
    "tensors": [torch.tensor(row, requires_grad=True) for row in TABLE],
    "bfloat16 tensors": [torch.tensor(row).bfloat16() for row in TABLE],
}


@pytest.mark.parametrize("X", FITTED_ON_TABLE.values(), ids=FITTED_ON_TABLE)
def test_rows_are_a_table_to_an_estimator_fitted_on_one(X: Any) -> None:
    estimator = LSTMAutoencoder()
    fitted = validate_sequences(estimator, TABLE)
    found = validate_sequences(estimator, X, fitted=Layout(fitted.container, 1, 4))
    expected = with_value(TABLE, (1, 2), NAN) if isinstance(X[0], np.ma.MaskedArray) else TABLE
    assert_holds(found, list(expected), "table")


def test_a_table_is_read_with_the_channels_of_the_fit() -> None:
    model = LSTMAutoencoder(**TINY).fit(TABLE)
    before = model.score_samples(TABLE)
    model.set_params(n_channels=2)  # takes effect in the next fit
    np.testing.assert_array_equal(model.score_samples(TABLE), before)


@pytest.mark.parametrize("X", [TABLE[:, :3], CUBE, RAGGED, RAGGED_1D], ids=["table", "array", "list", "list_1d"])
def test_a_new_fit_forgets_the_names_and_shape_of_the_last(X: Any) -> None:
    model = LSTMAutoencoder(**TINY).fit(FRAME)
    assert model.feature_names_in_.tolist() == list("abcd")
    model.fit(X)
    assert vars(model).keys() == vars(LSTMAutoencoder(**TINY).fit(X)).keys()
    assert model.transform(X).shape == (len(X), 3)


# Round trips and statistics

VALUES = st.floats(-1e6, 1e6, width=32) | st.just(NAN)


@st.composite
def ragged(draw: st.DrawFn, *, equal: bool = False) -> list[NDArray[np.float32]]:
    """Sequences of like channels, with missing values anywhere, but some value in each."""
    n_channels, longest = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    lengths = draw(st.lists(st.just(longest) if equal else st.integers(1, longest), min_size=1, max_size=5))
    X = [draw(hnp.arrays(np.float32, (length, n_channels), elements=VALUES)) for length in lengths]
    for sequence in X:
        if np.isnan(sequence).all():
            sequence[draw(st.integers(0, len(sequence) - 1)), 0] = 0
    return X


def last_observed(sequence: NDArray[Any]) -> int:
    return max(step + 1 for step, values in enumerate(sequence) if not np.isnan(values).all())


@pytest.mark.parametrize("container", ["table", "array", "list", "list_1d"])
@given(data=st.data())
def test_what_goes_in_comes_back(container: Container, data: st.DataObject) -> None:
    parts = data.draw(ragged(equal=container in ("table", "array")))
    if container == "list_1d":
        parts = [np.where(np.isnan(part[:, :1]).all(), 0, part[:, :1]).astype(np.float32) for part in parts]
    shaped: dict[str, Any] = {
        "table": lambda: np.stack(parts).reshape(len(parts), -1),
        "array": lambda: np.stack(parts),
        "list": lambda: parts,
        "list_1d": lambda: [part[:, 0] for part in parts],
    }
    X = shaped[container]()
    sequences = door(X, n_channels=parts[0].shape[1] if container == "table" else 1)
    assert sequences.container == container
    assert sequences.lengths.tolist() == [last_observed(part) for part in parts]
    assert sequences.sizes.tolist() == [len(part) for part in parts]
    assert sequences.n_timesteps == max(len(part) for part in parts)
    back = restore(np.concatenate(unpack(sequences)), sequences.lengths, sequences.sizes, container)
    assert type(back) is type(X)
    for found, wanted in zip(back, X, strict=True):
        np.testing.assert_array_equal(found, wanted)


@given(X=ragged())
def test_statistics_are_those_of_the_observed_values(X: list[NDArray[np.float32]]) -> None:
    sequences = door(X)
    values = np.concatenate(X).astype(float)
    mean, scale = channel_statistics(sequences)
    deviations = squared_deviations(sequences, mean)
    for channel in range(values.shape[1]):
        observed = values[~np.isnan(values[:, channel]), channel]
        if len(observed) == 0:
            assert (mean[channel], scale[channel]) == (0, 1)
            continue
        np.testing.assert_allclose(mean[channel], observed.mean(), rtol=1e-10, atol=1e-9)
        np.testing.assert_allclose(deviations[channel], len(observed) * observed.var(), rtol=1e-9, atol=1e-9)
        if np.ptp(observed) > 1e-5 * np.abs(observed).max():
            np.testing.assert_allclose(scale[channel], observed.std(), rtol=1e-10)
        elif np.ptp(observed) == 0:
            assert scale[channel] == 1


@pytest.mark.parametrize("chunk", [1, 10, 10**6])
def test_statistics_do_not_suffer_from_offsets_or_slices(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sklearn_seqae._data._statistics._CHUNK_VALUES", chunk)
    rng = np.random.default_rng(0)
    X = rng.normal([0, 1e6, 0], [1, 100, 0], size=(20, 5, 3)).astype(np.float32)
    mean, scale = channel_statistics(door(X))
    np.testing.assert_allclose(mean, X.mean(axis=(0, 1), dtype=float), rtol=1e-12)
    np.testing.assert_allclose(scale[:2], X.std(axis=(0, 1), dtype=float)[:2], rtol=1e-9)
    assert scale[2] == 1


@pytest.mark.parametrize("rows", [[2, 0], [1], [0, 1, 2], [2, 2, 1]], ids=str)
@pytest.mark.parametrize("X", [TABLE[[0, 1, 0]], with_value(CUBE[[0, 1, 1]], (1, 2), NAN), RAGGED, RAGGED_1D])
def test_some_sequences_are_as_if_read_alone_and_cost_no_memory(X: Any, rows: list[int]) -> None:
    sequences = door(X)
    taken = sequences.take(np.array(rows))
    assert taken.steps is sequences.steps
    alone = door(X[rows] if isinstance(X, np.ndarray) else [X[row] for row in rows])
    assert_holds(taken, unpack(alone), alone.container)
    assert (taken.n_features, taken.n_timesteps) == (alone.n_features, alone.n_timesteps)
    for restored, wanted in zip(taken.restore(np.concatenate(unpack(taken))), X, strict=False):
        assert restored.ndim == wanted.ndim
    assert taken.sizes.tolist() == alone.sizes.tolist()
    copied = taken.end_to_end()
    assert_holds(copied, unpack(alone), alone.container)
    assert len(copied.steps) == copied.sizes.sum()
    assert copied.end_to_end() is copied


@pytest.mark.parametrize("chunk", [1, 10, 10**6])
@pytest.mark.parametrize("rows", [[2, 0], [1, 2], [2]], ids=str)
def test_statistics_of_some_sequences_leave_the_others_out(
    rows: list[int], chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sklearn_seqae._data._statistics._CHUNK_VALUES", chunk)
    X = [np.random.default_rng(i).normal(i, size=(3 + 2 * i, 2)) for i in range(4)]
    found, expected = (channel_statistics(each) for each in (door(X).take(np.array(rows)), door([X[i] for i in rows])))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("X", [FRAME, TABLE, CUBE, RAGGED], ids=["frame", "table", "array", "list"])
def test_what_has_been_read_is_not_read_again(X: Any) -> None:
    first, second = LSTMAutoencoder(), LSTMAutoencoder()
    second.feature_names_in_ = np.array(["of an earlier fit"])
    sequences = validate_sequences(first, X)
    assert validate_sequences(second, sequences) is sequences
    np.testing.assert_equal(vars(second), vars(first))


LENGTHS: dict[str, tuple[Any, list[int]]] = {
    "None": (None, [4, 4]),
    "int": (3, [3, 3]),
    "float": (3.0, [3, 3]),
    "list": ([1, 4], [1, 4]),
    "floats": (np.array([2.0, 1.0]), [2, 1]),
    "uint8": (np.array([2, 1], dtype=np.uint8), [2, 1]),
    "tensor": (torch.tensor([2, 1]), [2, 1]),
    "Series": (pd.Series([2, 1]), [2, 1]),
}


@pytest.mark.parametrize(("lengths", "expected"), LENGTHS.values(), ids=LENGTHS)
def test_lengths_accepted(lengths: Any, expected: list[int]) -> None:
    found = validate_lengths(lengths, 2, 4, "table")
    assert found.dtype == np.int64
    assert found.tolist() == expected


@pytest.mark.parametrize("container", ["array", "list", "list_1d"])
def test_lengths_may_exceed_those_of_the_fit_unless_it_was_a_table(container: Container) -> None:
    assert validate_lengths([9, 1], 2, 4, container).tolist() == [9, 1]


@pytest.mark.parametrize(("offset", "scale"), [(1e6, 1.0), (1.7e9, 30.0), (1e3, 1e-3)])
def test_a_variation_that_float32_cannot_resolve_is_warned_of(offset: float, scale: float) -> None:
    X = np.stack([np.sin(np.arange(40.0)).reshape(4, 10), offset + scale * np.cos(np.arange(40.0)).reshape(4, 10)], 2)
    with pytest.warns(UserWarning, match=r"Channel 1 varies by .* about .*Subtract the offset"):
        LSTMAutoencoder(hidden_layer_sizes=(), max_epochs=150, random_state=0).fit(X)


@pytest.mark.parametrize(("offset", "scale"), [(1e6, 100.0), (1e3, 0.1), (0.0, 1e-20), (5.0, 0.0), (0.0, 0.0)])
def test_an_ordinary_or_constant_channel_is_not_warned_of(offset: float, scale: float) -> None:
    sequences = door(offset + scale * np.sin(np.arange(40.0)).reshape(4, 10))
    channel_statistics(sequences)  # warnings are errors here
