"""Filling gaps: what was there stays to the last bit, what was not is better than a line, in every container."""

import pickle
from functools import cache
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io
import torch
from joblib import parallel_config
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoder, LSTMImputer, load, save
from tests.containers import KINDS, make
from tests.detectors import waves

each_kind = pytest.mark.parametrize("kind", KINDS)


def tiny(**params: Any) -> LSTMImputer:
    """An imputer that is too small and too briefly trained to be good."""
    return LSTMImputer(**{"hidden_layer_sizes": 4, "max_epochs": 2, "cv": 2, "random_state": 0} | params)


@cache
def fitted(kind: str) -> LSTMImputer:
    """An imputer that is shared by the tests that do not change it."""
    return tiny().fit(make(kind, n=12))


@cache
def of_waves(complete: bool) -> LSTMImputer:
    """An imputer that is large enough to be good, of waves with gaps or without."""
    X = waves(150)
    return LSTMImputer(32, max_epochs=50, random_state=0).fit(X if complete else holes(X))


def pairs(X: Any, Y: Any) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    return [(np.asarray(x), np.asarray(y)) for x, y in zip(X, Y, strict=True)]


def holes(X: NDArray[Any], seed: int = 0) -> NDArray[Any]:
    """X with a run of a quarter of its length missing in each row."""
    rng = np.random.default_rng(seed)
    X, width = X.copy(), X.shape[1] // 4
    for row, start in zip(X, rng.integers(0, X.shape[1] - width + 1, len(X)), strict=True):
        row[start : start + width] = np.nan
    return X


# What comes back


@each_kind
def test_the_container_comes_back_filled_and_what_was_there_is_untouched(kind: str) -> None:
    X = make(kind, n=12, seed=1)
    filled = fitted(kind).transform(X)
    assert type(filled) is type(X)
    for before, after in pairs(X, filled):
        assert after.shape == before.shape
        assert after.dtype == before.dtype
        there = ~np.isnan(before)
        assert after[there].tobytes() == before[there].tobytes()
        if kind != "padded":
            assert not np.isnan(after).any()


def test_padding_of_an_array_stays_and_gaps_before_it_do_not() -> None:
    X = make("padded", n=12, seed=1)
    behind_end = np.flip(np.flip(np.isnan(X).all(axis=2), 1).cumprod(axis=1), 1).astype(bool)
    assert behind_end.any()
    filled = fitted("padded").transform(X)
    np.testing.assert_array_equal(np.isnan(filled).all(axis=2), behind_end)
    np.testing.assert_array_equal(np.isnan(filled).any(axis=2), behind_end)


@pytest.mark.parametrize("padding", [True, False])
@each_kind
def test_padding_says_what_missing_ends_are(kind: str, padding: bool) -> None:
    X = make(kind, n=12, seed=1)
    for sequence in X:
        sequence[-1] = np.nan
    filled = tiny(padding=padding).fit(X).transform(X)
    assert all(np.isnan(sequence[-1]).all() == padding for sequence in filled)
    assert np.isnan(np.concatenate([np.ravel(sequence) for sequence in filled])).any() == padding


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f8", np.int64, bool])
def test_dtypes_with_fractions_stay(dtype: Any) -> None:
    X = np.arange(60).reshape(12, 5) % 7 > 2 if dtype is bool else (np.arange(60).reshape(12, 5) % 7).astype(dtype)
    filled = tiny().fit(X).transform(X)
    native = np.dtype(dtype).newbyteorder("=")
    assert filled.dtype == (native if native.kind == "f" else np.float64)
    np.testing.assert_array_equal(filled, X)


def test_large_numbers_keep_all_their_digits() -> None:
    X = 1e6 + np.random.default_rng(0).normal(0, 1e3, (12, 6)) + 1e-9
    gaps = holes(X)
    filled = tiny().fit(gaps).transform(gaps)
    there = ~np.isnan(gaps)
    assert filled[there].tobytes() == X[there].tobytes()
    assert np.abs(filled - 1e6).max() < 1e4


def test_X_is_not_written_to() -> None:
    X = holes(waves(12))
    before = X.copy()
    X.setflags(write=False)
    filled = tiny().fit(X).transform(X)
    assert not np.shares_memory(filled, X)
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_frames_come_out_as_frames_if_so_wished(backend: Any) -> None:
    X = pd.DataFrame(holes(waves(12))).add_prefix("t")
    imputer = tiny().set_output(transform=backend)
    filled = imputer.fit_transform(X if backend == "pandas" else pl.from_pandas(X))
    assert isinstance(filled, pd.DataFrame if backend == "pandas" else pl.DataFrame)
    assert list(filled.columns) == list(imputer.get_feature_names_out()) == list(X.columns)
    assert not np.isnan(filled.to_numpy()).any()


def test_other_kinds_of_missing_are_filled() -> None:
    X = waves(12)
    masked = np.ma.masked_greater(X, 0.9)
    frame = pd.DataFrame(X).mask(X > 0.9).convert_dtypes()
    expected = tiny().fit(np.where(X > 0.9, np.nan, X)).transform(np.where(X > 0.9, np.nan, X))
    for same in (masked, frame, frame.to_numpy().tolist(), expected * 0 + np.where(X > 0.9, np.nan, X)):
        np.testing.assert_array_equal(tiny().fit(same).transform(same), expected)


def test_listed_frames_are_matched_by_name() -> None:
    X = [pd.DataFrame(sequence, columns=["a", "b"]) for sequence in make("list", n=12)]
    swapped = [sequence[["b", "a"]] for sequence in X]
    imputer = tiny().fit(X)
    for one, other in pairs(imputer.transform(X), imputer.transform(swapped)):
        np.testing.assert_array_equal(one, other)


def test_lists_of_equally_many_numbers_come_back_as_an_array() -> None:
    X = holes(waves(12)).tolist()
    filled, std = tiny().fit(X).transform(X, return_std=True)
    assert filled.shape == std.shape == (12, 20)
    X[0] = X[0][:10]
    assert isinstance(tiny().fit(X).transform(X), list)


# How sure it is


@each_kind
def test_deviations_are_in_the_container_and_zero_where_something_was(kind: str) -> None:
    X = make(kind, n=12, seed=1)
    filled, std = fitted(kind).transform(X, return_std=True)
    assert type(std) is type(filled)
    for before, after, deviation in zip(X, filled, std, strict=True):
        assert deviation.shape == np.shape(before)
        gap = np.isnan(before) & ~np.isnan(after)
        assert (deviation[gap] > 0).all()
        assert (deviation[~np.isnan(before)] == 0).all()
        np.testing.assert_array_equal(np.isnan(deviation), np.isnan(after))


def test_deviations_are_as_large_as_the_errors() -> None:
    X = waves(100, seed=1)
    gaps = holes(X, seed=2)
    filled, std = of_waves(complete=True).transform(gaps, return_std=True)
    missing = np.isnan(gaps)
    assert 0.7 < np.sqrt(np.mean(((filled - X)[missing] / std[missing]) ** 2)) < 1.4


def test_deviations_grow_with_the_distance() -> None:
    X = np.random.default_rng(0).normal(size=(60, 20)).cumsum(axis=1)
    gaps = X.copy()
    gaps[:, [3, *range(8, 17)]] = np.nan
    _, std = tiny().fit(X).transform(gaps, return_std=True)
    assert (np.diff(std[:, [3, 8, 9, 10, 11, 12]]) > 0).all()


def test_deviations_are_in_the_units_of_each_channel() -> None:
    X = np.stack([waves(30), 1000 * waves(30, seed=1) + 5], axis=2)
    X[:, 5:7] = np.nan
    _, std = tiny().fit(X).transform(X, return_std=True)
    assert 100 < (std[:, 5, 1] / std[:, 5, 0]).mean() < 10_000


# How good it is


@pytest.mark.parametrize("complete", [True, False])
def test_fills_are_far_better_than_lines_and_means(complete: bool) -> None:
    X, new = waves(150), waves(60, seed=1)
    gaps = holes(new, seed=2)
    missing = np.isnan(gaps)
    line = pd.DataFrame(gaps).interpolate(axis=1, limit_direction="both").to_numpy()
    rivals = {"line": line, "mean": SimpleImputer().fit(X).transform(gaps)}
    error = np.mean((of_waves(complete).transform(gaps) - new)[missing] ** 2)
    for name, filled in rivals.items():
        assert error < 0.4 * np.mean((filled - new)[missing] ** 2), name


def test_where_nothing_can_be_learned_it_is_no_worse_than_a_line() -> None:
    rng = np.random.default_rng(0)
    X, new = (rng.normal(size=(n, 20)).cumsum(axis=1) for n in (80, 200))  # of a random walk, the line is the best
    gaps = holes(new, seed=2)
    missing = np.isnan(gaps)
    line = pd.DataFrame(gaps).interpolate(axis=1, limit_direction="both").to_numpy()
    filled = LSTMImputer(32, max_epochs=30, random_state=0).fit(X).transform(gaps)
    assert np.mean((filled - new)[missing] ** 2) < 1.05 * np.mean((line - new)[missing] ** 2)


def test_other_channels_tell_of_one_that_is_missing() -> None:
    def related(seed: int) -> NDArray[Any]:
        X = waves(100, seed=seed)
        return np.stack([X, 2 * X + 1], axis=2)

    imputer = LSTMImputer(32, max_epochs=60, random_state=0).fit(related(0))
    X = related(1)
    gaps = X.copy()
    gaps[:50, 5:15, 1] = np.nan
    gaps[50:, :, 1] = np.nan
    filled = imputer.transform(gaps)
    assert np.mean((filled - X)[:50, 5:15, 1] ** 2) < 0.1 * X[..., 1].var()
    assert np.mean((filled - X)[50:, :, 1] ** 2) < 0.3 * X[..., 1].var()


def test_the_same_gap_in_all_sequences_is_bridged_by_a_curve() -> None:
    X = waves(60)
    gaps = X.copy()
    gaps[:, 8:13] = np.nan
    filled = LSTMImputer(16, max_epochs=20, random_state=0).fit(gaps).transform(gaps)
    line = pd.DataFrame(gaps).interpolate(axis=1).to_numpy()
    assert np.mean((filled - X) ** 2) < 0.5 * np.mean((line - X) ** 2)


def test_constant_sequences_are_filled_with_the_constant() -> None:
    X = np.full((12, 8), 3.5)
    gaps = holes(X)
    np.testing.assert_allclose(tiny().fit(gaps).transform(gaps), X, atol=1e-5)


# The same result


@each_kind
def test_fits_to_the_same_data_are_the_same(kind: str) -> None:
    X = make(kind, n=12)
    for one, other in pairs(tiny().fit(X).transform(X), fitted(kind).transform(X)):
        np.testing.assert_array_equal(one, other)


def test_the_number_of_processes_changes_nothing_and_the_seed_does() -> None:
    X = make("list_1d", n=12)
    expected = np.concatenate(fitted("list_1d").transform(X))
    with parallel_config(backend="threading"):
        np.testing.assert_array_equal(np.concatenate(tiny(n_jobs=2).fit(X).transform(X)), expected)
    assert not np.array_equal(np.concatenate(tiny(random_state=1).fit(X).transform(X)), expected)


def test_a_fill_does_not_depend_on_the_other_sequences_of_the_call() -> None:
    X = make("list", n=12, seed=1)
    together = fitted("list").transform(X)
    for i, alone in enumerate(X):
        np.testing.assert_allclose(fitted("list").transform([alone])[0], together[i], rtol=1e-4, atol=1e-5)


def test_global_generators_are_left_alone() -> None:
    before = torch.get_rng_state()
    tiny(random_state=None).fit(waves(12))
    assert torch.equal(torch.get_rng_state(), before)


# Elsewhere


@each_kind
def test_saved_and_loaded_it_fills_the_same(kind: str, tmp_path: Any) -> None:
    imputer, X = fitted(kind), make(kind, n=12, seed=1)
    joblib.dump(imputer, tmp_path / "imputer.joblib")
    own = f"{LSTMImputer.__module__}.{LSTMImputer.__qualname__}"
    copies = [
        pickle.loads(pickle.dumps(imputer)),
        joblib.load(tmp_path / "imputer.joblib", mmap_mode="r"),
        skops.io.loads(skops.io.dumps(imputer), trusted=[own]),
    ]
    for copy in copies:
        for one, other in pairs(copy.transform(X), imputer.transform(X)):
            np.testing.assert_array_equal(one, other)
    with pytest.raises(NotFittedError):
        clone(imputer).transform(X)


def test_it_is_saved_as_a_file_of_data_alone(tmp_path: Any) -> None:
    imputer, X = fitted("table"), make("table", n=12, seed=1)
    save(imputer, tmp_path / "imputer.safetensors")
    np.testing.assert_array_equal(load(tmp_path / "imputer.safetensors").transform(X), imputer.transform(X))


def test_it_stands_first_in_a_pipeline_and_in_a_search() -> None:
    X = holes(waves(24))
    y = np.arange(24) % 2
    coder = LSTMAutoencoder(2, hidden_layer_sizes=(4,), max_epochs=2, random_state=0)
    pipeline = make_pipeline(tiny(), StandardScaler(), coder, LogisticRegression()).fit(X, y)
    assert pipeline.predict(X).shape == (24,)
    search = GridSearchCV(make_pipeline(tiny(), LogisticRegression()), {"lstmimputer__patch_len": [1, 5]}, cv=2)
    assert search.fit(X, y).best_params_["lstmimputer__patch_len"] in (1, 5)


def test_splitters_and_groups_decide_on_the_parts() -> None:
    X = waves(12)
    assert len(tiny(cv=3).fit(X).networks_) == 3
    assert len(tiny(cv=KFold(4)).fit(X).networks_) == 4
    assert len(tiny(cv=5).fit(X, groups=np.arange(12) // 6).networks_) == 2


def test_longer_sequences_are_filled_too() -> None:
    X = [np.sin(np.arange(50) / 3)]
    X[0][[3, 30, 31, 48, 49]] = np.nan
    (filled,) = tiny().fit(make("list_1d", n=12)).transform(X)
    assert np.isfinite(filled).all()


# Refusals and warnings


def test_a_single_sequence_is_filled_by_lines_with_a_warning() -> None:
    X = np.array([[1.0, np.nan, 3.0, np.nan, np.nan, 6.0, np.nan]])
    with pytest.warns(ConvergenceWarning, match="straight lines. Cut a long series into windows with sliding_windows"):
        imputer = tiny().fit(X)
    np.testing.assert_allclose(imputer.transform(X), [[1, 2, 3, 4, 5, 6, 6]])
    assert imputer.networks_ == []


def test_a_channel_that_never_has_a_value_is_told_of() -> None:
    X = np.stack([waves(12), np.full((12, 20), np.nan)], axis=2)
    with pytest.warns(UserWarning, match="Channel 1 has no value in X: it is filled with zeros"):
        filled = tiny().fit(X).transform(X)
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[..., 1], 0)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.full((3, 4), np.inf), "infinity"),
        (np.array([[1.0, 2.0], [np.nan, np.nan]]), "NaN only in row 1"),
        ([["a", "b"]], "strings are not numbers"),
        (np.empty((0, 3)), "0 sample"),
    ],
)
def test_what_cannot_be_read_is_refused(X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny().fit(X)


def test_groups_of_one_label_are_refused_and_nothing_is_half_fitted() -> None:
    imputer = tiny()
    with pytest.raises(ValueError, match="groups has the one label 7 for all 12 sequences"):
        imputer.fit(waves(12), groups=np.full(12, 7))
    assert vars(imputer) == vars(tiny())
    with pytest.raises(ValueError, match="hidden_layer_sizes must hold integers of at least 1, got 0"):
        tiny(hidden_layer_sizes=(3, 0)).fit(waves(12))


def test_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="has 5 features, but LSTMImputer is expecting 9"):
        fitted("table").transform(np.ones((3, 5)))


def test_an_interrupted_training_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: Any, **kwargs: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("sklearn_seqae._training._net.Net.train_step_single", interrupt)
    imputer = tiny()
    with pytest.raises(KeyboardInterrupt):
        imputer.fit(waves(12))
    assert vars(imputer) == vars(tiny())


def test_a_fit_reads_a_file_and_does_not_write_to_it(tmp_path: Any) -> None:
    X = holes(waves(12)).astype(np.float32)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    np.testing.assert_array_equal(tiny().fit(mapped).transform(mapped), tiny().fit(X).transform(X))
