"""What `LSTMImputer` learns from a part of the sequences, and how it is judged by the others."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from sklearn_seqae._base import spawn_seeds
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._gaps import GapPatterns
from sklearn_seqae._inference._cross_fitting import Split
from sklearn_seqae._inference._filling import Proposer
from sklearn_seqae._inference._normal import NormalSequences
from sklearn_seqae._network._gap_filler import GapFiller
from sklearn_seqae._training._auto import auto_batch_size, auto_blending, auto_n_batches, auto_time_shift
from sklearn_seqae._training._batching import count_observed
from sklearn_seqae._training._settings import Seeds, TrainingSettings

__all__ = ["HeldOut", "Task", "hide_and_propose", "learn_normal", "learn_part", "pooled"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

# "auto" trains each network on so many batches.
_AUTO_STEPS = 400
_AUTO_MIN_EPOCHS = 3
_NOISE = 0.1
# Held-out sequences in which values are hidden, again and again if they are fewer, and most values to look at.
_HELD_OUT = 600
_MOST_REPEATS = 8
_MOST_HELD_OUT_VALUES = 2**21


class Task(NamedTuple):
    """What all parts have in common.

    Attributes
    ----------
    dataset : SequenceDataset
        All sequences.
    gaps : GapPatterns
        What to hide.
    network : dict
        Arguments of `GapFiller`, but for the seed.
    training : dict
        Those `TrainingSettings` that the user chooses.
    """

    dataset: SequenceDataset
    gaps: GapPatterns
    network: dict[str, Any]
    training: dict[str, Any]


class HeldOut(NamedTuple):
    """Proposals for values that were hidden, as `Proposals` has them, and what these are, in standard units."""

    values: Float32
    distance: Float32
    channel: Int64
    roughness: Float32
    truth: Float32


def learn_part(task: Task, split: Split, seed: int) -> tuple[Any, HeldOut]:
    """Train a network on the training rows of a split, and have it, and their distribution, judged by the others."""
    from sklearn_seqae._training._train import train  # a fitted model is there sooner without skorch

    rows, held_out = split
    weights_seed, normal_seed, judge_seed, *seeds = spawn_seeds(seed, 3 + len(Seeds._fields))
    dataset = task.dataset.subset(rows)
    params = {**task.network, "seed": weights_seed}
    trained = train(params, dataset, None, _settings(task, dataset, Seeds(*seeds)), network=GapFiller)
    if trained.interrupted:
        raise KeyboardInterrupt
    proposer = Proposer(*_scaling(task), learn_normal(task, dataset, normal_seed), [trained.module])
    return trained.module, hide_and_propose(task, held_out, proposer, judge_seed)


def learn_normal(task: Task, dataset: SequenceDataset, seed: int) -> NormalSequences:
    """The distribution of sequences, over as many steps as the longest of all has."""
    return NormalSequences.of(dataset, int(task.dataset.lengths.max()), *_scaling(task), seed)


def _scaling(task: Task) -> tuple[Float64, Float64]:
    return np.asarray(task.network["mean"]), np.asarray(task.network["scale"])


def _settings(task: Task, dataset: SequenceDataset, seeds: Seeds) -> TrainingSettings:
    n = len(dataset)
    max_epochs = task.training["max_epochs"]
    if isinstance(max_epochs, str):
        max_epochs = max(_AUTO_MIN_EPOCHS, math.ceil(_AUTO_STEPS / auto_n_batches(n)))
    observed = count_observed(dataset) / (int(dataset.lengths.sum()) * dataset.steps.shape[1])
    return TrainingSettings(
        **{**task.training, "max_epochs": max_epochs},
        learning_rate_schedule="plateau",
        n_iter_no_change=max_epochs,  # the loss, of few hidden values, is too restless for plateaus to be seen
        tol=0.0,
        weight_decay=0.0,
        max_grad_norm=1.0,
        time_shift=auto_time_shift(n),
        mixup=observed**2,  # a mixture has the gaps of both
        blending=auto_blending(n),
        input_noise=_NOISE,
        batch_size=auto_batch_size(n),
        callbacks=None,
        net_params=None,
        seeds=seeds,
        gaps=task.gaps,
    )


def hide_and_propose(task: Task, rows: Int64, proposer: Proposer, seed: int) -> HeldOut:
    """Hide values of some sequences, and ask what they might be."""
    generator = torch.Generator().manual_seed(seed)
    n_values = int(task.dataset.lengths[rows].mean() * task.dataset.steps.shape[1])
    most = max(1, min(_HELD_OUT, _MOST_HELD_OUT_VALUES // n_values))
    rows = rows[torch.randperm(len(rows), generator=generator)[:most].numpy()]
    mean, scale = (torch.from_numpy(values.astype(np.float32)) for values in _scaling(task))
    batch = task.dataset.batch(rows)
    found = []
    for _ in range(min(_MOST_REPEATS, math.ceil(most / len(rows)))):
        hidden = task.gaps.hide(batch["x"], batch.get("lengths"), generator, sparsely=True)
        seen = {**batch, "x": torch.where(hidden, torch.nan, batch["x"])}
        with torch.inference_mode():
            proposals = proposer.propose(seen, hidden)
        truth = ((batch["x"] - mean) / scale)[hidden].numpy()
        found.append(HeldOut(*proposals, truth))
    return pooled(found)


def pooled(parts: Sequence[HeldOut]) -> HeldOut:
    """All of them, one behind the other."""
    return HeldOut(*(np.concatenate(values) for values in zip(*parts, strict=True)))
