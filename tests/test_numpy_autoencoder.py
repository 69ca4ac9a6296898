"""`load_numpy`: a saved autoencoder without torch, which returns and refuses what the estimator does."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sklearn_seqae import LSTMAutoencoder, LSTMOutlierDetector, NumpyAutoencoder, load_numpy, save
from sklearn_seqae._storage._container import read, write
from sklearn_seqae._storage._values import Packed
from tests.containers import KINDS, assert_close, make
from tests.tiny import tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


@pytest.fixture
def serve(path: Path) -> Callable[[LSTMAutoencoder], NumpyAutoencoder]:
    """Save an estimator, and load it without torch."""

    def save_and_load(fitted: LSTMAutoencoder) -> NumpyAutoencoder:
        save(fitted, path)
        return load_numpy(path)

    return save_and_load


def assert_same_results(served: NumpyAutoencoder, fitted: LSTMAutoencoder, X: Any) -> None:
    codes = fitted.transform(X)
    assert served.transform(X).dtype == codes.dtype
    assert_close(served.transform(X), codes)
    pairs = [
        (served.reconstruct(X), fitted.reconstruct(X)),
        (served.inverse_transform(codes), fitted.inverse_transform(codes)),
        (served.inverse_transform(codes, lengths=3), fitted.inverse_transform(codes, lengths=3)),
    ]
    for found, expected in pairs:
        assert type(found) is type(expected)
        assert_close(found, expected)
    for standardized in (True, False):
        scores = fitted.score_samples(X, standardized=standardized)
        np.testing.assert_allclose(served.score_samples(X, standardized=standardized), scores, rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "params", [{}, {"standardize": False, "output_layer": None, "patch_len": 2}, {"bidirectional": True}]
)
def test_every_container(kind: str, params: dict[str, Any], serve: Callable[..., Any]) -> None:
    X = make(kind)
    fitted = tiny(**params).fit(X)
    served = serve(fitted)
    assert_same_results(served, fitted, X)
    assert_same_results(served, fitted, X[:1])


def test_tables_of_several_channels(serve: Callable[..., Any]) -> None:
    X = np.random.default_rng(0).normal(5, 3, size=(300, 8))  # more than one batch
    X[3, 4:] = X[5, 2:4] = np.nan
    fitted = tiny(n_channels=2).fit(X)
    assert_same_results(serve(fitted), fitted, X)


def test_data_frames_by_the_names_of_their_columns(serve: Callable[..., Any]) -> None:
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(12, 4))).add_prefix("t")
    fitted = tiny().fit(X)
    served = serve(fitted)
    assert served.feature_names_in_.tolist() == ["t0", "t1", "t2", "t3"]
    assert_same_results(served, fitted, X)
    with pytest.raises(ValueError, match=r"in their order, but column 0 is 't1' instead of 't0'\. Select the columns"):
        served.transform(X[["t1", "t0", "t2", "t3"]])
    with pytest.warns(UserWarning, match="X has no feature names, but NumpyAutoencoder has") as caught:
        served.transform(X.to_numpy())
    assert caught[0].filename == __file__


def test_longer_sequences_are_warned_of(serve: Callable[..., Any]) -> None:
    X = make("list")
    served = serve(tiny().fit(X))
    with pytest.warns(UserWarning, match="1 of 1 sequences are longer than any in training, 18 time steps"):
        served.transform([np.concatenate([X[0], X[0]])])
    with pytest.warns(UserWarning, match="longer than any in training, 30 time steps"):
        served.inverse_transform(np.zeros((1, 3)), lengths=30)


def test_many_threads_get_the_answers_of_one(serve: Callable[..., Any]) -> None:
    X = np.random.default_rng(0).normal(size=(20, 9, 2))
    served = serve(tiny().fit(X))
    expected = [served.reconstruct(X[i : i + 1]) for i in range(20)]
    with ThreadPoolExecutor(4) as pool:
        found = [*pool.map(lambda i: served.reconstruct(X[i % 20 : i % 20 + 1]), range(200))]
    for i, reconstruction in enumerate(found):
        np.testing.assert_array_equal(reconstruction, expected[i % 20])


def test_it_can_be_pickled(serve: Callable[..., Any]) -> None:
    X = make("array")
    served = serve(tiny().fit(X))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(served)).transform(X), served.transform(X))


# Without what is not needed

ALONE = """
import importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "numpy", "safetensors", "sklearn_seqae"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
import numpy as np
from sklearn_seqae import load_numpy

path, data, results = sys.argv[1:]
model, X = load_numpy(path), [*np.load(data).values()]
codes = model.transform(X)
np.savez(results, codes, model.score_samples(X), *model.reconstruct(X), *model.inverse_transform(codes))

class Table:
    columns = ()

for wrong, words in (
    (X[0], "fitted on 3-D or listed sequences"),
    ([X[0][:, :1]], "has 1 channels, expected 2"),
    ([np.full((2, 2), np.inf)], "infinity"),
    ([], "list of 0 sequences"),
    (np.zeros((0, 3, 2)), "0 sample"),
    (Table(), "pip install narwhals"),
):
    try:
        model.transform(wrong)
    except (ValueError, ModuleNotFoundError) as error:
        assert words in str(error), error
    else:
        raise AssertionError(words)
try:
    model.inverse_transform(codes[:, :2])
except ValueError as error:
    assert "Z has 2 columns" in str(error)
"""


def test_numpy_and_safetensors_are_enough(path: Path, tmp_path: Path) -> None:
    X = make("list")
    fitted = tiny().fit(X)
    save(fitted, path)
    data, results = tmp_path / "data.npz", tmp_path / "results.npz"
    np.savez(data, *X)
    subprocess.run([sys.executable, "-W", "error", "-c", ALONE, path, data, results], check=True)
    codes, scores, *sequences = np.load(results).values()
    assert_close(codes, fitted.transform(X))
    np.testing.assert_allclose(scores, fitted.score_samples(X), rtol=1e-4)
    assert_close(sequences, [*fitted.reconstruct(X), *fitted.inverse_transform(codes)])


# What is no file for it


def test_detectors_are_refused_by_name(path: Path) -> None:
    detector = LSTMOutlierDetector(tiny(), cv=2, random_state=0).fit(make("array"))
    save(detector, path)
    with pytest.raises(ValueError, match=r"it holds LSTMOutlierDetector, but NumPy .*use load, or .* its autoencoder_"):
        load_numpy(path)
    save(detector.autoencoder_, path)
    assert_close(load_numpy(path).transform(make("array")), detector.autoencoder_.transform(make("array")))


def test_one_that_is_not_fitted(path: Path) -> None:
    save(LSTMAutoencoder(), path)
    with pytest.raises(ValueError, match="its LSTMAutoencoder is not fitted"):
        load_numpy(path)


CHANGES: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda state: state.update(container_="heap"), "its container_ is heap, none of 'table', 'array'"),
    (lambda state: state.update(n_timesteps_in_=10**9), "its n_timesteps_in_ is 1000000000, none of 6"),
    (lambda state: state.update(n_channels_in_=2), "its n_channels_in_ is 2, none of 1"),
    (lambda state: state.update(n_features_in_=5.0), "its n_features_in_ is 5.0, none of 6"),
    (lambda state: state.update(_longest=0), "its _longest is 0"),
    (lambda state: state.pop("_longest"), "do not fit together .KeyError: '_longest'"),
    (lambda state: state.update(feature_names_in_={"texts": ["a"]}), "feature_names_in_ are not .* of 6 features"),
    (
        lambda state: state.update(channel_scale_={"tuple": [state["channel_scale_"]]}),
        "its channel_scale_ is not",
    ),
    (lambda state: state.update(_state_format=99), "saved in format 99"),
    (lambda state: state.update(_state_format=None), "do not fit together"),
    (lambda state: state.update(_fitted_module_params=3), "do not fit together"),
    (lambda state: state["_fitted_module_params"]["mapping"].update(latent_dim=10**9), "float32 of shape"),
    (lambda state: state["_fitted_module_params"]["mapping"].pop("latent_dim"), "KeyError: 'latent_dim'"),
    (lambda state: state["module_"]["mapping"].popitem(), "nothing asks for its arrays"),
]


@pytest.mark.parametrize(("change", "reason"), CHANGES, ids=range(len(CHANGES)))
def test_a_state_that_does_not_fit_is_refused(change: Any, reason: str, path: Path) -> None:
    save(tiny().fit(np.random.default_rng(0).normal(size=(12, 6))), path)
    packed, about = read(path)
    change(packed.value["object"][1])
    write(path, packed, about)
    with pytest.raises(ValueError, match=f"(?s)model.safetensors cannot be read: .*({reason})"):
        load_numpy(path)


def test_deviations_of_zero_are_refused(path: Path) -> None:
    save(tiny().fit(np.random.default_rng(0).normal(size=(12, 6))), path)
    packed, about = read(path)
    key, _ = packed.value["object"][1]["channel_scale_"]["array"]
    write(path, Packed(packed.value, packed.arrays | {key: np.zeros(1)}), about)
    with pytest.raises(ValueError, match="its channel_scale_ is not a positive number for each of 1 channels"):
        load_numpy(path)


@pytest.mark.parametrize("value", [3, [], {"object": ["os.system", {"x": 1}]}])
def test_other_values_are_refused(value: Any, path: Path) -> None:
    write(path, Packed(value, {}), {"format": 1})
    with pytest.raises(
        ValueError, match=r"cannot be read: it holds (no estimator|os.system), but NumPy alone computes"
    ):
        load_numpy(path)


def test_damaged_files_and_other_formats_are_refused(path: Path) -> None:
    save(tiny().fit(np.random.default_rng(0).normal(size=(12, 6))), path)
    packed, _ = read(path)
    content = path.read_bytes()
    for damaged in (b"", content[:-1], content[:-4] + b"abcd", pickle.dumps(3)):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"model.safetensors cannot be read: it(s| is no)"):
            load_numpy(path)
    write(path, packed, {"format": 2})
    with pytest.raises(ValueError, match=r"format 2, but this version .* reads formats up to 1"):
        load_numpy(path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        load_numpy(path)
