"""Saving and loading: by pickle, joblib, copy and skops; what the state holds, and how large it is."""

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
import torch
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoder
from tests.tiny import tiny as make_tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

OWN_CLASS = f"{LSTMAutoencoder.__module__}.{LSTMAutoencoder.__qualname__}"
# What a saved model may add to its weights.
MOST_OVERHEAD = 20_000

Trip = Callable[[Any], Any]


def tiny(**params: Any) -> LSTMAutoencoder:
    return make_tiny(**{"batch_size": 8} | params)


def noise(*shape: int) -> NDArray[np.float64]:
    return np.random.default_rng(0).normal(size=shape)


def frame() -> pd.DataFrame:
    return pd.DataFrame(noise(20, 6)).add_prefix("t")


CONTAINERS: dict[str, Callable[[], Any]] = {
    "table": lambda: noise(20, 6),
    "frame": frame,
    "array": lambda: noise(20, 6, 2),
    "list": lambda: [noise(length, 2) for length in range(3, 13)],
    "list_1d": lambda: [noise(length) for length in range(3, 13)],
}


def through_joblib(mmap_mode: str | None, folder: Path) -> Trip:
    def trip(estimator: Any) -> Any:
        path = folder / f"{len(list(folder.iterdir()))}.joblib"  # a mapped file must not be written over
        joblib.dump(estimator, path)
        return joblib.load(path, mmap_mode=mmap_mode)

    return trip


def through_skops(estimator: Any) -> Any:
    saved = skops.io.dumps(estimator)
    return skops.io.loads(saved, trusted=skops.io.get_untrusted_types(data=saved))


@pytest.fixture(params=["pickle", "joblib", "joblib_mapped", "deepcopy", "copy", "skops"])
def trip(request: pytest.FixtureRequest, tmp_path: Path) -> Trip:
    """A way to save an estimator and load it again."""
    trips: dict[str, Trip] = {
        "pickle": lambda estimator: pickle.loads(pickle.dumps(estimator)),
        "joblib": through_joblib(None, tmp_path),
        "joblib_mapped": through_joblib("r", tmp_path),
        "deepcopy": copy.deepcopy,
        "copy": copy.copy,
        "skops": through_skops,
    }
    return trips[request.param]


def assert_same(found: Any, expected: Any) -> None:
    """Compare arrays, or lists of arrays."""
    assert type(found) is type(expected)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


# Round trips


@pytest.mark.parametrize("container", CONTAINERS)
def test_round_trip_keeps_all_results(container: str, trip: Trip) -> None:
    X = CONTAINERS[container]()
    fitted = tiny().fit(X)
    loaded = trip(fitted)
    codes = fitted.transform(X)
    assert_same(loaded.transform(X), codes)
    assert_same(loaded.inverse_transform(codes), fitted.inverse_transform(codes))
    assert_same(loaded.reconstruct(X), fitted.reconstruct(X))
    assert loaded.score(X) == fitted.score(X)


def test_round_trip_keeps_parameters_and_fitted_attributes(trip: Trip) -> None:
    fitted = tiny(early_stopping=True).fit(frame())
    loaded = trip(fitted)
    assert loaded.get_params() == fitted.get_params()
    assert vars(loaded).keys() == vars(fitted).keys()
    for name in vars(fitted).keys() - {"module_", "_fitted_module_params", "_optimizer_state"}:
        np.testing.assert_array_equal(getattr(loaded, name), getattr(fitted, name), err_msg=name)


def test_round_trip_within_a_pipeline(trip: Trip) -> None:
    X = CONTAINERS["table"]()
    fitted = make_pipeline(StandardScaler(), tiny(), StandardScaler()).fit(X)
    assert_same(trip(fitted).transform(X), fitted.transform(X))


def test_round_trip_of_an_unfitted_estimator(trip: Trip) -> None:
    loaded = trip(tiny(latent_dim=4))
    assert loaded.latent_dim == 4
    with pytest.raises(NotFittedError):
        loaded.transform(noise(20, 6))


def test_round_trip_keeps_the_frames_asked_for(trip: Trip) -> None:
    loaded = trip(tiny().set_output(transform="pandas").fit(frame()))
    assert isinstance(loaded.transform(frame()), pd.DataFrame)


def test_a_loaded_model_loads_again(trip: Trip) -> None:
    X = CONTAINERS["array"]()
    fitted = tiny().fit(X)
    assert_same(trip(trip(fitted)).transform(X), fitted.transform(X))


def test_a_copy_can_be_trained_without_changing_the_original(trip: Trip) -> None:
    X = CONTAINERS["array"]()
    fitted = tiny().fit(X)
    codes = fitted.transform(X)
    trip(fitted).partial_fit(X)
    assert_same(fitted.transform(X), codes)


@pytest.mark.parametrize("within", ["alone", "pipeline"])
def test_skops_needs_to_trust_the_own_class_only(within: str) -> None:
    estimator = tiny() if within == "alone" else Pipeline([("scale", StandardScaler()), ("ae", tiny(warm_start=True))])
    saved = skops.io.dumps(estimator.fit(frame()))
    assert skops.io.get_untrusted_types(data=saved) == [OWN_CLASS]


def test_clone_keeps_the_parameters_and_forgets_the_fit() -> None:
    fitted = tiny(early_stopping=True, net_params={"optimizer__betas": (0.9, 0.98)}).fit(noise(20, 6))
    unfitted = clone(fitted)
    assert unfitted.get_params() == fitted.get_params()
    assert vars(unfitted).keys() == fitted.get_params().keys()


# Training on


@pytest.mark.parametrize("X", [noise(20, 6), noise(20, 6, 2)], ids=["table", "array"])
def test_partial_fit_continues_as_if_it_had_not_been_saved(X: NDArray[np.float64], trip: Trip) -> None:
    fitted = tiny().partial_fit(X).partial_fit(X)
    loaded = trip(fitted)
    assert_same(loaded.partial_fit(X).transform(X), fitted.partial_fit(X).transform(X))
    assert_same(loaded.loss_curve_, fitted.loss_curve_)


def test_warm_start_continues_as_if_it_had_not_been_saved(trip: Trip) -> None:
    X = noise(20, 6)
    fitted = tiny(warm_start=True, dropout=0.2).fit(X)
    loaded = trip(fitted)
    assert_same(loaded.fit(X).transform(X), fitted.fit(X).transform(X))
    assert loaded.n_iter_ == 4


def test_loading_imports_no_more_than_torch(tmp_path: Path) -> None:
    """SymPy would take half a second, which torch imports for some operators on its device without memory."""
    (tmp_path / "model").write_bytes(pickle.dumps(tiny().fit(noise(20, 6))))
    load = "pickle.load(open('model', 'rb'))"
    load = f"import pickle, sys, torch; old = {{*sys.modules}}; {load}; print(*{{*sys.modules}} - old)"
    new = subprocess.run([sys.executable, "-c", load], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "sklearn_seqae._autoencoder" in new
    assert not {"sympy", "skorch", "sklearn.decomposition"} & {*new.split()}


# The state


def leaves(value: Any) -> Iterator[Any]:
    """All values in nested containers, keys included; the containers must be of Python's own types."""
    if type(value) is dict:
        for key, item in value.items():
            yield from leaves(key)
            yield from leaves(item)
    elif type(value) in (list, tuple):
        for item in value:
            yield from leaves(item)
    elif type(value) is np.ndarray and value.dtype == object:  # feature names
        yield from leaves(value.tolist())
    else:
        yield value


@pytest.mark.parametrize("container", CONTAINERS)
def test_state_is_plain_python_and_numpy(container: str) -> None:
    state = tiny(warm_start=True).fit(CONTAINERS[container]()).__getstate__()
    plain = (bool, int, float, str, type(None), np.ndarray)
    assert [leaf for leaf in leaves(state) if type(leaf) not in plain] == []


def test_state_names_its_format() -> None:
    state = tiny().fit(noise(20, 6)).__getstate__()
    assert isinstance(state["_state_format"], int)


def test_a_later_format_is_refused() -> None:
    state = tiny().fit(noise(20, 6)).__getstate__()
    state["_state_format"] += 1
    with pytest.raises(ValueError, match=rf"LSTMAutoencoder was saved in format {state['_state_format']}.*reads"):
        LSTMAutoencoder.__new__(LSTMAutoencoder).__setstate__(state)


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"latent_dim": 10**6}, r"float32 of shape \(.*, where a network of its arguments has .* \(4000000, "),
        ({"latent_dim": 10**12}, "there is no network of its sizes"),
        ({"patch_len": 10**9}, "where a network of its arguments has float32 of shape"),
        ({"reference_timesteps": 10**10}, "where a network of its arguments has float32 of shape"),
        ({"hidden_layer_sizes": (1,) * 10**6}, "its 1000000 hidden layers have .* arrays"),
        ({"bidirectional": True}, "missing, or too many"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_file_cannot_ask_for_more_memory_than_it_has_weights_for(params: dict[str, Any], reason: str) -> None:
    state = tiny().fit(noise(20, 6)).__getstate__()
    state["_fitted_module_params"] |= params
    with pytest.raises(ValueError, match=f"cannot be read: .*{reason}"):
        LSTMAutoencoder.__new__(LSTMAutoencoder).__setstate__(state)


def test_weights_of_another_type_are_refused() -> None:
    state = tiny().fit(noise(20, 6)).__getstate__()
    name = next(iter(state["module_"]))
    state["module_"][name] = state["module_"][name].astype(np.float64)
    with pytest.raises(ValueError, match=f"its weights '{name}' are float64"):
        LSTMAutoencoder.__new__(LSTMAutoencoder).__setstate__(state)


def test_a_device_of_torch_is_saved_by_its_name(trip: Trip) -> None:
    X = noise(20, 6)
    fitted = tiny(device=torch.device("cpu")).fit(X)
    loaded = trip(fitted)
    assert loaded.device == "cpu"
    assert_same(loaded.transform(X), fitted.transform(X))


def test_saving_leaves_the_estimator_as_it_was() -> None:
    fitted = tiny().fit(noise(20, 6))
    before = dict(vars(fitted))
    pickle.dumps(fitted)
    assert vars(fitted) == before


@pytest.mark.parametrize("device", ["cuda", "cuda:64", "auto"])
def test_a_model_from_a_gpu_loads_where_there_is_none(device: str) -> None:
    X = noise(20, 6)
    fitted = tiny().fit(X)
    state = fitted.__getstate__() | {"device": device}
    loaded = LSTMAutoencoder.__new__(LSTMAutoencoder)
    loaded.__setstate__(state)
    assert loaded.device == device
    np.testing.assert_allclose(loaded.transform(X), fitted.transform(X), atol=1e-5)


# The size


def size(estimator: Any) -> int:
    return len(pickle.dumps(estimator))


def size_of_weights(estimator: LSTMAutoencoder) -> int:
    return sum(value.nbytes for value in estimator.module_.state_dict().values())


@pytest.mark.parametrize("bidirectional", [False, True])
def test_saved_size_is_near_that_of_the_weights(bidirectional: bool) -> None:
    fitted = LSTMAutoencoder(max_epochs=1, bidirectional=bidirectional, random_state=0).fit(noise(20, 60))
    assert size(fitted) <= 1.2 * size_of_weights(fitted) + MOST_OVERHEAD


def test_optimizer_is_saved_only_for_those_who_train_on() -> None:
    X = noise(20, 60)
    done = LSTMAutoencoder(max_epochs=1, random_state=0).fit(X)
    to_continue = LSTMAutoencoder(max_epochs=1, warm_start=True, random_state=0).fit(X)
    partial = LSTMAutoencoder(random_state=0).partial_fit(X)
    weights = size_of_weights(done)
    assert size(done) < 1.2 * weights + MOST_OVERHEAD
    for continuing in (to_continue, partial):  # two moments for each weight
        assert size(done) + 1.8 * weights < size(continuing) < 3.2 * weights + MOST_OVERHEAD


def test_optimizer_is_dropped_by_a_fit_that_ends_the_training() -> None:
    X = noise(20, 60)
    partial = LSTMAutoencoder(max_epochs=1, random_state=0).partial_fit(X)
    assert size(partial.fit(X)) < 1.2 * size_of_weights(partial) + MOST_OVERHEAD


@pytest.mark.parametrize("container", ["table", "array", "list"])
def test_saved_model_does_not_hold_the_training_data(container: str) -> None:
    few, many = noise(20, 6, 2), noise(2000, 6, 2)
    layouts: dict[str, Callable[[Any], Any]] = {
        "table": lambda x: x.reshape(len(x), -1),
        "array": np.copy,
        "list": list,
    }
    sizes = [size(tiny(early_stopping=True, batch_size=500).fit(layouts[container](x))) for x in (few, many)]
    assert sizes[1] < sizes[0] + 500
