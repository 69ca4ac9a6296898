"""`save` and `load`: what is saved comes back, and a file can do nothing but hold data."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from skorch.callbacks import EpochScoring

from sklearn_seqae import LSTMAutoencoder, LSTMOutlierDetector, load, save
from sklearn_seqae._storage._container import read, write
from sklearn_seqae._storage._values import Packed
from tests.tiny import tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
CONTAINERS: dict[str, Any] = {
    "table": RNG.normal(size=(12, 6)),
    "frame": pd.DataFrame(RNG.normal(size=(12, 4))).add_prefix("t"),
    "array": RNG.normal(size=(12, 5, 2)),
    "list": [RNG.normal(size=(length, 2)) for length in range(3, 9)],
    "list_1d": [RNG.normal(size=length) for length in range(3, 9)],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


@pytest.fixture
def trip(path: Path) -> Callable[..., Any]:
    """Save an estimator and load it again."""

    def save_and_load(estimator: Any, **options: Any) -> Any:
        save(estimator, path, **options)
        return load(path)

    return save_and_load


def assert_same(found: Any, expected: Any) -> None:
    """Compare fitted attributes, or results."""
    assert type(found) is type(expected)
    if isinstance(expected, list | tuple):
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, dict):
        assert_same(list(found.items()), list(expected.items()))
    elif isinstance(expected, torch.nn.Module):
        for name, value in expected.state_dict().items():
            assert torch.equal(found.state_dict()[name], value)
    elif isinstance(expected, torch.Tensor):
        assert torch.equal(found, expected)
    elif isinstance(expected, LSTMAutoencoder):
        assert_same(vars(found), vars(expected))
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("params", [{}, {"warm_start": True}, {"early_stopping": True, "bidirectional": True}])
def test_an_autoencoder_comes_back(container: str, params: dict[str, Any], trip: Callable[..., Any]) -> None:
    X = CONTAINERS[container]
    fitted = tiny(**params).fit(X)
    loaded = trip(fitted)
    assert_same(vars(loaded), vars(fitted))
    codes = fitted.transform(X)
    assert_same(loaded.transform(X), codes)
    assert_same(loaded.inverse_transform(codes), fitted.inverse_transform(codes))


@pytest.mark.parametrize("scoring", ["mae", "mse", "mahalanobis"])
def test_a_detector_comes_back(scoring: str, trip: Callable[..., Any]) -> None:
    X = CONTAINERS["array"]
    fitted = LSTMOutlierDetector(tiny(), scoring=scoring, cv=2, random_state=0).fit(X)
    loaded = trip(fitted)
    assert vars(loaded).keys() == vars(fitted).keys()
    assert_same(loaded.predict(X), fitted.predict(X))
    assert_same(loaded.score_timesteps(X), fitted.score_timesteps(X))


def test_training_goes_on_as_if_it_had_not_been_saved(trip: Callable[..., Any]) -> None:
    X = CONTAINERS["array"]
    fitted = tiny().partial_fit(X)
    loaded = trip(fitted)
    assert_same(loaded.partial_fit(X).transform(X), fitted.partial_fit(X).transform(X))


def test_the_optimizer_may_be_left_out(path: Path) -> None:
    X = CONTAINERS["table"]
    fitted = LSTMAutoencoder(random_state=0).partial_fit(X)
    save(fitted, path)
    with_optimizer = path.stat().st_size
    save(fitted, path, optimizer=False)
    assert path.stat().st_size < 0.4 * with_optimizer
    loaded = load(path)
    assert_same(loaded.transform(X), fitted.transform(X))
    assert loaded.partial_fit(X).n_iter_ == 2


def test_one_that_is_not_fitted(trip: Callable[..., Any]) -> None:
    loaded = trip(LSTMAutoencoder(latent_dim=4, random_state=np.random.RandomState(3)))
    assert loaded.latent_dim == 4
    with pytest.raises(NotFittedError):
        loaded.transform(CONTAINERS["table"])


def test_data_frames_as_asked_for(trip: Callable[..., Any]) -> None:
    X = CONTAINERS["frame"]
    loaded = trip(tiny().set_output(transform="pandas").fit(X))
    assert isinstance(loaded.transform(X), pd.DataFrame)
    with pytest.raises(ValueError, match="feature names"):
        loaded.transform(X.rename(columns={"t0": "u"}))


@pytest.mark.parametrize("device", ["cuda", "cuda:64", "auto"])
def test_a_model_from_a_gpu_loads_where_there_is_none(device: str, path: Path) -> None:
    fitted = tiny().fit(CONTAINERS["table"])
    fitted.device = device
    save(fitted, path)
    assert load(path).transform(CONTAINERS["table"]).shape == (12, 3)


def test_a_path_may_be_a_string(path: Path) -> None:
    save(LSTMAutoencoder(), str(path))
    assert isinstance(load(os.fspath(path)), LSTMAutoencoder)


# What cannot be kept


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"loss": torch.nn.L1Loss()}, "LSTMAutoencoder.loss is L1Loss"),
        ({"callbacks": [EpochScoring(len)]}, r"LSTMAutoencoder.callbacks\[0\] is <skorch"),
        ({"net_params": {"optimizer": torch.optim.SGD}}, r"LSTMAutoencoder.net_params\['optimizer'\] is <class"),
    ],
)
def test_code_is_no_data(params: dict[str, Any], name: str, path: Path) -> None:
    with pytest.raises(TypeError, match=f"{name}.*use pickle or joblib"):
        save(LSTMAutoencoder(**params), path)
    assert not path.exists()


class OfMyOwn(LSTMAutoencoder):
    """A subclass, whose code a file does not have."""


@pytest.mark.parametrize("estimator", [make_pipeline(LSTMAutoencoder()), OfMyOwn(), LSTMAutoencoder, None])
def test_other_estimators_are_for_skops(estimator: Any, path: Path) -> None:
    with pytest.raises(TypeError, match=r"save takes LSTMAutoencoder, .*skops"):
        save(estimator, path)


# What is no file of ours


def forged(path: Path, change: Callable[[dict[str, Any]], None], **about: Any) -> Path:
    """A file with a valid checksum, but another state."""
    save(tiny().fit(CONTAINERS["table"]), path)
    packed, found = read(path)
    change(packed.value["object"][1])
    write(path, packed, found | about)
    return path


def nothing(_: dict[str, Any]) -> None:
    """No change."""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda state: state.update(latent_dim=-1), "'latent_dim' parameter"),
        (lambda state: state.update(latent_dim={"mapping": {}}), "'latent_dim' parameter"),
        (lambda state: state.pop("verbose"), r"lacks the parameters \['verbose'\]"),
        (lambda state: state.update(transform="x"), r"names of methods, \['transform'\]"),
        (lambda state: state.update(__class__="x"), r"names of methods, \['__class__'\]"),
        (lambda state: state["_fitted_module_params"]["mapping"].update(latent_dim=10**6), "cannot be read: .*float32"),
        (lambda state: state["_fitted_module_params"]["mapping"].update(latent_dim=10**15), "no network of its sizes"),
        (lambda state: state["_fitted_module_params"]["mapping"].update(patch_len=10**9), "float32 of shape"),
        (lambda state: state["_fitted_module_params"]["mapping"].update(new=1), "unexpected keyword"),
        (lambda state: state["_fitted_module_params"]["mapping"].pop("latent_dim"), "latent_dim"),
        (lambda state: state.update(_fitted_module_params=3), "do not fit together"),
        (lambda state: state["module_"]["mapping"].popitem(), "missing, or too many|nothing asks"),
        (lambda state: state.update(_state_format=99), "saved in format 99"),
        (lambda state: state.pop("_state_format"), "_state_format"),
        (lambda state: state.update(history_={"mapping": {"a": 1}}), "do not fit together"),
        (
            lambda state: state.update(n_iter_=10**15, history_={"mapping": {"x": {"mapping": {}}}}),
            "do not fit together",
        ),
    ],
    ids=range(16),
)
def test_a_state_that_does_not_fit_is_refused(change: Any, reason: str, path: Path) -> None:
    with pytest.raises(ValueError, match=f"(?s)model.safetensors cannot be read: .*({reason})"):
        load(forged(path, change))


@pytest.mark.parametrize(
    ("value", "reason"),
    [(3, "no estimator"), ({"object": ["os.system", {"x": 1}]}, "unknown class 'os.system'"), ([], "no estimator")],
)
def test_other_objects_are_refused(value: Any, reason: str, path: Path) -> None:
    write(path, Packed(value, {}), {"format": 1})
    with pytest.raises(ValueError, match=f"cannot be read: .*{reason}"):
        load(path)


@pytest.mark.parametrize(
    ("found", "reason"), [(2, "format 2, but this version .* reads formats up to 1"), ("1", "format"), (True, "format")]
)
def test_other_formats_are_refused_by_number(found: Any, reason: str, path: Path) -> None:
    with pytest.raises(ValueError, match=reason):
        load(forged(path, nothing, format=found))


class Bomb:
    """What a pickle may hold."""

    def __reduce__(self) -> tuple[Any, Any]:
        return (os._exit, (3,))


def test_a_pickle_is_refused_and_not_run(path: Path) -> None:
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ValueError, match="no safetensors file"):
        load(path)


def test_no_file(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(path)
