"""The schedule: what fades with the learning rate."""

from typing import Any

import numpy as np
import pytest
from skorch.callbacks import Callback

from tests.networks import sequences
from tests.tiny import tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("learning_rate_schedule", ["plateau", "constant"])
def test_noise_and_weight_decay_fade_with_the_learning_rate(learning_rate_schedule: str) -> None:
    seen: list[tuple[float, float, float]] = []

    class Look(Callback):
        def on_batch_end(self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
            group = net.optimizer_.param_groups[-1]
            seen.append((group["lr"], group["weight_decay"], net.batches_.noise_share))

    tiny(
        learning_rate_schedule=learning_rate_schedule,
        learning_rate=0.01,
        weight_decay=0.5,
        max_epochs=100,
        tol=-1e9,
        callbacks=[Look()],
    ).fit(sequences(8).numpy())
    rate, decay, noise = np.transpose(seen)
    after_warmup = slice(20, None)
    np.testing.assert_allclose(decay[after_warmup] / 0.5, rate[after_warmup] / 0.01)
    np.testing.assert_allclose(noise[after_warmup], rate[after_warmup] / 0.01)
    assert (rate[-1] < 0.001) == (learning_rate_schedule == "plateau")
    np.testing.assert_array_equal(decay[:60], 0.5)  # the warm-up is the rate's alone
    np.testing.assert_array_equal(noise[:60], 1.0)


def test_a_loss_of_zero_has_stopped_improving() -> None:
    sequence = np.array([[0.0, 0.1, 0.2, 0.3, 0.4]])  # it is its own mean, from which the linear path starts
    model = tiny(n_iter_no_change=10, max_epochs=1000).fit(sequence)
    assert model.loss_curve_[-1] == 0
    assert model.n_iter_ < 50
