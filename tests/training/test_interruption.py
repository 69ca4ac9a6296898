"""Ctrl-C ends a training as interrupted, wherever it comes; a callback that raises the same ends it as planned."""

import functools
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from skorch.callbacks import Callback

from sklearn_seqae import LSTMOutlierDetector
from sklearn_seqae._training._interruption import is_raised_on_purpose
from tests.networks import sequences
from tests.tiny import tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@contextmanager
def sigint_handled_by(handler: Any) -> Iterator[None]:
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def press_ctrl_c() -> None:
    """Also where the tests run in the background, in which shells have the signal ignored."""
    with sigint_handled_by(signal.default_int_handler):
        signal.raise_signal(signal.SIGINT)


def press_ctrl_c_in_a_loop() -> None:
    with sigint_handled_by(signal.default_int_handler):
        for i in range(3):
            if i == 1:
                signal.raise_signal(signal.SIGINT)


def stop() -> None:
    raise KeyboardInterrupt


def stop_with_a_message() -> None:
    try:
        stop()
    except KeyboardInterrupt:
        raise KeyboardInterrupt("enough") from None


def stop_after_cleaning_up() -> None:
    try:
        stop()
    finally:
        sum(range(3))


def told_on_purpose(action: Callable[[], None]) -> bool:
    try:
        action()
    except KeyboardInterrupt as interrupt:
        return is_raised_on_purpose(interrupt)
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("action", [stop, stop_with_a_message, stop_after_cleaning_up])
def test_a_statement_raises_on_purpose(action: Callable[[], None]) -> None:
    assert told_on_purpose(action)


@pytest.mark.parametrize("action", [press_ctrl_c, press_ctrl_c_in_a_loop])
def test_ctrl_c_is_not_on_purpose(action: Callable[[], None]) -> None:
    assert not told_on_purpose(action)


@pytest.mark.parametrize("wrap", [lambda handler: handler, functools.partial], ids=["function", "partial"])
def test_a_handler_of_the_program_is_no_purpose_either(wrap: Callable[[Any], Any]) -> None:
    def handler(*args: Any) -> None:
        raise KeyboardInterrupt

    with sigint_handled_by(wrap(handler)):
        assert not told_on_purpose(lambda: signal.raise_signal(signal.SIGINT))


# In training


class Ending(Callback):
    """Does something when it is told of something the second time."""

    def __init__(self, event: str, action: Callable[[], None], tell: Callable[[str], Any] = len) -> None:
        self.event = event
        self.action = action
        self.tell = tell
        self.n_calls_ = 0

    def _call(self, event: str) -> None:
        if event == self.event:
            self.n_calls_ += 1
            if self.n_calls_ == 2 or event.startswith("on_train"):
                self.tell(event)
                self.action()

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        self._call("on_train_begin")

    def on_epoch_begin(self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        self._call("on_epoch_begin")

    def on_batch_begin(self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
        self._call("on_batch_begin")

    def on_grad_computed(self, net: Any, named_parameters: Any, **kwargs: Any) -> None:
        self._call("on_grad_computed")

    def on_epoch_end(self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        self._call("on_epoch_end")

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        self._call("on_train_end")


# Epochs that are complete then, of four of one batch each.
EVENTS = {
    "on_train_begin": 0,
    "on_epoch_begin": 1,
    "on_batch_begin": 1,
    "on_grad_computed": 1,
    "on_epoch_end": 2,
    "on_train_end": 4,
}


@pytest.mark.parametrize("event", EVENTS)
def test_ctrl_c_in_a_callback_ends_the_training_as_interrupted(event: str) -> None:
    X = sequences(8).numpy()
    autoencoder = tiny(max_epochs=4, callbacks=[Ending(event, press_ctrl_c)])
    with pytest.warns(UserWarning, match=f"interrupted by user after {EVENTS[event]} epochs"):
        autoencoder.fit(X)
    assert autoencoder.interrupted_
    assert autoencoder.n_iter_ == len(autoencoder.history_) == EVENTS[event]
    assert autoencoder.transform(X).shape == (8, 3)


@pytest.mark.parametrize("event", EVENTS)
def test_a_callback_that_raises_ends_the_training_as_planned(event: str) -> None:
    autoencoder = tiny(max_epochs=4, callbacks=[Ending(event, stop)]).fit(sequences(8).numpy())
    assert not autoencoder.interrupted_
    assert autoencoder.n_iter_ == EVENTS[event]


@pytest.mark.filterwarnings("ignore:Training interrupted")
def test_ctrl_c_in_a_callback_ends_all_fits_of_a_detector() -> None:
    told: list[Any] = []
    detector = LSTMOutlierDetector(tiny(callbacks=[Ending("on_epoch_end", press_ctrl_c, told.append)]), cv=2)
    with pytest.raises(KeyboardInterrupt):
        detector.fit(sequences(8).numpy())
    assert len(told) == 1
    assert not hasattr(detector, "offset_")


def test_ctrl_c_after_the_training_keeps_what_was_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sklearn_seqae._autoencoder.find_collapse", lambda *args: press_ctrl_c())
    with pytest.warns(UserWarning, match="interrupted by user after 2 epochs"):
        autoencoder = tiny().fit(sequences(8).numpy())
    assert autoencoder.interrupted_
    assert autoencoder.n_iter_ == 2
