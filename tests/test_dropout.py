"""Dropout acts between LSTM layers; where there is nothing between, a fit says so."""

import warnings

import numpy as np
import pytest

from tests.tiny import tiny

X = np.random.default_rng(0).normal(size=(20, 6))


def test_dropout_without_hidden_layers_has_no_effect_and_warns() -> None:
    with pytest.warns(
        UserWarning, match=r"dropout=0.3 acts between LSTM layers, but hidden_layer_sizes=\(\)"
    ) as record:
        fitted = tiny(dropout=0.3, hidden_layer_sizes=()).fit(X)
    assert [warning.filename for warning in record] == [__file__]
    plain = tiny(hidden_layer_sizes=()).fit(X)
    np.testing.assert_array_equal(fitted.loss_curve_, plain.loss_curve_)


def test_a_training_that_goes_on_does_not_warn_again() -> None:
    with pytest.warns(UserWarning, match="dropout"):
        fitted = tiny(dropout=0.3, hidden_layer_sizes=()).partial_fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.partial_fit(X)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("output_layer", ["linear", None])
def test_dropout_between_layers_acts_without_a_warning(output_layer: str | None) -> None:
    plain = tiny(output_layer=output_layer).fit(X)
    assert not np.array_equal(tiny(dropout=0.3, output_layer=output_layer).fit(X).loss_curve_, plain.loss_curve_)
