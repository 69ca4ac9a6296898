"""Hidden states over time: in the container of X, one row a patch."""

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from tests.containers import KINDS, assert_close, lengths_of, make, pad, rows
from tests.tiny import tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
@pytest.mark.parametrize(
    ("params", "patch_len", "width"),
    [
        ({"patch_len": 1}, 1, 5),
        ({"patch_len": 4}, 4, 5),
        ({"patch_len": 2, "bidirectional": True}, 2, 10),
        ({"patch_len": 2, "bidirectional": True, "merge_mode": "sum", "hidden_layer_sizes": (4, 6)}, 2, 6),
        ({"patch_len": 3, "hidden_layer_sizes": ()}, 3, 3),
    ],
)
def test_a_row_belongs_to_a_patch(kind: str, params: dict[str, Any], patch_len: int, width: int) -> None:
    X = make(kind)
    autoencoder = tiny(**params).fit(X)
    states = autoencoder.encode_timesteps(X)
    n_rows = [-(-length // patch_len) for length in lengths_of(X)]
    if kind in ("list", "list_1d"):
        assert [found.shape for found in states] == [(n, width) for n in n_rows]
    else:
        assert states.shape == (10, -(-9 // patch_len), width)
        assert [int((~np.isnan(found)).all(axis=1).sum()) for found in states] == n_rows
        assert all(np.isnan(found[n:]).all() for found, n in zip(states, n_rows, strict=True))
    assert all(found.dtype == np.float32 for found in states)
    largest = 2 if params.get("merge_mode") == "sum" else 1
    assert all(np.nanmax(np.abs(found)) < largest for found in states)


@each_kind
def test_calls_neighbours_and_padding_do_not_matter(kind: str) -> None:
    X = make(kind)
    autoencoder = tiny(patch_len=2).fit(X)
    states = autoencoder.encode_timesteps(X)
    assert_close([autoencoder.encode_timesteps(rows(X, [i]))[0] for i in range(10)], states)
    if kind == "list":
        padded = autoencoder.encode_timesteps(pad(X, 14))
        assert padded.shape[1] == 7
        assert_close([found[: len(one)] for found, one in zip(padded, states, strict=True)], states)


def test_states_follow_the_sequence_and_say_nothing_of_what_comes() -> None:
    X = make("array")
    changed = X.copy()
    changed[:, 5:] += 1
    autoencoder = tiny(patch_len=1).fit(X)
    before, after = (autoencoder.encode_timesteps(x) for x in (X, changed))
    np.testing.assert_allclose(after[:, :5], before[:, :5], rtol=1e-6)
    assert (np.abs(after[:, 5:] - before[:, 5:]).max(axis=2) > 1e-3).all()


def test_the_last_patch_lacks_what_missing_values_lack() -> None:
    X = make("list")
    autoencoder = tiny(patch_len=4).fit(X)
    states = autoencoder.encode_timesteps([X[0][:6]])[0]
    filled = np.concatenate([X[0][:6], np.tile(autoencoder.channel_mean_, (2, 1))])
    np.testing.assert_allclose(autoencoder.encode_timesteps([filled])[0], states, rtol=1e-5, atol=1e-6)


def test_longer_sequences_than_in_training_are_read_without_a_warning() -> None:
    X = make("list")
    autoencoder = tiny(patch_len=1).fit(X)
    longer = np.tile(X[0], (3, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        states = autoencoder.encode_timesteps([longer])[0]
    assert_close([states[:9]], autoencoder.encode_timesteps([X[0]]))


def test_refusals() -> None:
    with pytest.raises(NotFittedError):
        tiny().encode_timesteps(make("array"))
    with pytest.raises(ValueError, match="3 channels, but LSTMAutoencoder was fitted on 2"):
        tiny().fit(make("array")).encode_timesteps(np.ones((2, 9, 3)))
