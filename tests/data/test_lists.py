"""Lists of sequences: what they are does not hang on their lengths, and DataFrames are matched by their names."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.model_selection import KFold, cross_val_score

from sklearn_seqae import LSTMAutoencoder, LSTMOutlierDetector
from sklearn_seqae._data._readers import validate_sequences
from tests.tiny import tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)

# Lists of equal length, then others


@pytest.mark.parametrize("nested", [False, True], ids=["numbers", "steps"])
@pytest.mark.parametrize("kind", [list, tuple], ids=["lists", "tuples"])
def test_ragged_lists_can_be_cross_validated_where_a_part_is_of_equal_length(kind: Any, nested: bool) -> None:
    X = [kind(RNG.normal(size=(length, 2) if nested else length).tolist()) for length in (3, 3, 3, 3, 3, 2)]
    assert np.isfinite(cross_val_score(tiny(), X, cv=KFold(3))).all()
    assert np.isfinite(cross_val_score(tiny(), X[::-1], cv=KFold(3))).all()


def test_an_estimator_fitted_on_lists_of_equal_length_takes_others_and_arrays() -> None:
    table = RNG.normal(size=(5, 6))
    fitted = tiny().fit(table.tolist())
    assert (fitted.container_, fitted.n_features_in_, fitted.n_timesteps_in_) == ("list_1d", 1, 6)
    codes = fitted.transform(table.tolist())
    np.testing.assert_allclose(codes, tiny().fit(table).transform(table))
    np.testing.assert_array_equal(fitted.transform(table), codes)
    assert fitted.transform([[1.0, 2.0], [1.0, 2.0, 3.0]]).shape == (2, 3)
    with pytest.raises(ValueError, match=r"X has 4 columns, but the longest .* 6 values\. .* or list\(X\) if"):
        fitted.transform(table[:, :4])
    assert fitted.transform(list(table[:, :4])).shape == (5, 3)
    assert isinstance(fitted.reconstruct(table.tolist()), list)
    assert fitted.reconstruct(table).shape == table.shape


@pytest.mark.parametrize("listed", [False, True])
def test_an_estimator_fitted_on_a_table_takes_rows_but_no_others(listed: bool) -> None:
    table = pd.DataFrame(RNG.normal(size=(5, 6))).add_prefix("t") if listed else RNG.normal(size=(5, 6))
    fitted = tiny().fit(table)
    rows = np.asarray(table).tolist()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        np.testing.assert_array_equal(fitted.transform(rows), fitted.transform(table))
        with pytest.raises(ValueError, match="X has 5 features, but LSTMAutoencoder is expecting 6 features"):
            fitted.transform([row[:5] for row in rows])
    with pytest.raises(ValueError, match=r"fitted on a 2-D table of 6 columns, but X is a list of 2 .*2-D array here"):
        fitted.transform([rows[0], rows[1][:3]])


def test_one_dimensional_sequences_hold_the_channels_of_each_step() -> None:
    table = RNG.normal(size=(5, 6))
    fitted = tiny(n_channels=2).fit(table.tolist())
    assert (fitted.n_features_in_, fitted.n_timesteps_in_, fitted.n_channels_in_) == (2, 3, 2)
    codes = fitted.transform(table.tolist())
    np.testing.assert_allclose(codes, tiny(n_channels=2).fit(table).transform(table))
    np.testing.assert_array_equal(fitted.transform(table), codes)
    assert [len(part) for part in fitted.reconstruct([[1.0, 2.0], [1.0, 2.0, 3.0, 4.0]])] == [2, 4]
    assert fitted.inverse_transform(codes, lengths=2)[0].shape == (4,)
    with pytest.raises(ValueError, match=r"X\[1\] has 3 values, which n_channels=2 does not divide: a 1-D sequence"):
        fitted.transform([[1.0, 2.0], [1.0, 2.0, 3.0]])


# DataFrames in a list

PARTS = [RNG.normal([0, 50], [1, 5], size=(length, 2)) for length in (5, 8, 6, 7)]


def to_pandas(values: Any, names: list[str]) -> Any:
    return pd.DataFrame(values, columns=names)


def to_polars(values: Any, names: list[str]) -> Any:
    return pl.DataFrame(values, schema=names)


def to_pyarrow(values: Any, names: list[str]) -> Any:
    return pa.table(list(values.T), names=names)


each_library = pytest.mark.parametrize("make", [to_pandas, to_polars, to_pyarrow])


@each_library
def test_channels_are_matched_by_name_whatever_their_order(make: Any) -> None:
    frames = [make(part, ["a", "b"]) for part in PARTS]
    turned = [make(part[:, ::-1], ["b", "a"]) for part in PARTS]
    fitted = tiny().fit(frames)
    assert fitted.feature_names_in_.tolist() == ["a", "b"]
    assert fitted.n_features_in_ == 2
    np.testing.assert_array_equal(fitted.transform(turned), fitted.transform(frames))
    mixed = [frames[0], turned[1], *frames[2:]]
    np.testing.assert_array_equal(fitted.transform(mixed), fitted.transform(frames))
    np.testing.assert_array_equal(tiny().fit(mixed).transform(turned), fitted.transform(frames))


@each_library
def test_other_names_are_refused_by_name(make: Any) -> None:
    frames = [make(part, ["a", "b"]) for part in PARTS]
    message = r"X\[1\] lacks the columns 'b' of X\[0\] and has the columns 'c', which X\[0\] has not: .*matched by name"
    with pytest.raises(ValueError, match=message):
        tiny().fit([frames[0], make(PARTS[1], ["a", "c"])])
    fitted = tiny().fit(frames)
    with pytest.raises(ValueError, match=r"X\[0\] lacks the columns 'a', 'b' of the fit and has the columns 'c', 'd'"):
        fitted.transform([make(part, ["c", "d"]) for part in PARTS])
    with pytest.raises(ValueError, match=r"X\[0\] lacks the columns 'b' of the fit: .*Rename"):
        fitted.transform([make(part[:, :1], ["a"]) for part in PARTS])
    with pytest.raises(ValueError, match=r"X\[2\] has the columns 'c', which the fit has not: "):
        fitted.transform([*frames[:2], make(np.c_[PARTS[2], PARTS[2][:, 0]], ["a", "b", "c"])])


def test_named_and_unnamed_sequences_are_not_mixed() -> None:
    frames = [to_pandas(part, ["a", "b"]) for part in PARTS]
    with pytest.raises(ValueError, match=r"X\[0\] has named columns, 'a', 'b', but X\[1\] has none: which channel"):
        tiny().fit([frames[0], PARTS[1]])
    with pytest.raises(ValueError, match=r"X\[1\] has named columns, 'a', 'b', but X\[0\] has none"):
        tiny().fit([PARTS[0], frames[1]])


def test_arrays_after_a_fit_on_frames_are_warned_of_as_for_tables() -> None:
    frames = [to_pandas(part, ["a", "b"]) for part in PARTS]
    fitted = tiny().fit(frames)
    for X in (PARTS, np.stack([part[:5] for part in PARTS])):
        with pytest.warns(
            UserWarning, match="X does not have valid feature names, but LSTMAutoencoder was fitted with"
        ):
            fitted.transform(X)
    with pytest.warns(UserWarning, match="X has feature names, but LSTMAutoencoder was fitted without"):
        codes = tiny().fit(PARTS).transform(frames)
    np.testing.assert_array_equal(codes, fitted.transform(frames))
    assert not hasattr(fitted.fit(PARTS), "feature_names_in_")


def test_names_that_are_no_strings_are_none() -> None:
    frames = [pd.DataFrame(part) for part in PARTS]
    sequences = validate_sequences(LSTMAutoencoder(), [*frames, PARTS[0]])
    assert sequences.feature_names is None
    with pytest.raises(TypeError, match="Feature names are only supported if all input features have string names"):
        tiny().fit([frame.rename(columns={0: "a"}) for frame in frames])


def test_an_outlier_detector_and_its_autoencoder_know_the_names() -> None:
    frames, turned = ([to_pandas(part[:, ::step], list("ab")[::step]) for part in PARTS] for step in (1, -1))
    detector = LSTMOutlierDetector(tiny(), contamination=0.2).fit(frames)
    assert detector.feature_names_in_.tolist() == detector.autoencoder_.feature_names_in_.tolist() == ["a", "b"]
    np.testing.assert_array_equal(detector.score_samples(turned), detector.score_samples(frames))


def test_names_of_channels_do_not_hang_on_a_single_sequence() -> None:
    fitted = tiny().fit([to_pandas(PARTS[0], ["a", "b"])])
    turned = [to_pandas(PARTS[0][:, ::-1], ["b", "a"])]
    np.testing.assert_array_equal(fitted.transform(turned), fitted.transform([to_pandas(PARTS[0], ["a", "b"])]))


@pytest.mark.parametrize("axes", [1, 2])
def test_values_at_the_limit_can_be_learned_from(axes: int) -> None:
    X = RNG.choice([-1.1e38, 1.1e38], size=(20, 6) if axes == 1 else (20, 6, 2))
    assert np.isfinite(tiny().fit(X).score(X))
