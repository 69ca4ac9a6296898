"""Training: `train` takes data and plain settings, and returns a trained module with the course of its losses."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import torch

from sklearn_seqae._compute._devices import memory_given_back
from sklearn_seqae._compute._processes import Processes
from sklearn_seqae._compute._shortcuts import Halves, Updates, keep_freed_memory
from sklearn_seqae._compute._threads import parallel_map, suitable_threads, usable_threads
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._network._sequence_autoencoder import SequenceAutoencoder
from sklearn_seqae._training._arguments import make_net, optimizer_signature
from sklearn_seqae._training._callbacks import ProgressBar
from sklearn_seqae._training._checkpoints import Checkpoint
from sklearn_seqae._training._data_parallel import DataParallel, settings_of_process
from sklearn_seqae._training._epochs import KeepEpochs, load_epochs
from sklearn_seqae._training._history import completed_epochs
from sklearn_seqae._training._net import Net
from sklearn_seqae._training._principal import principal_components
from sklearn_seqae._training._rates import leaves_rates_alone
from sklearn_seqae._training._resuming import (
    load_loss_state,
    load_module_state,
    load_optimizer_state,
    loss_state,
    optimizer_state,
    trained_module,
)
from sklearn_seqae._training._settings import TrainingSettings
from sklearn_seqae._training._trained import Resume, Trained

__all__ = ["train"]


def train(
    module_params: Mapping[str, Any],
    training_data: SequenceDataset,
    validation_data: SequenceDataset | None,
    settings: TrainingSettings,
    resume: Resume | None = None,
    *,
    network: type = SequenceAutoencoder,
    checkpoint: Checkpoint | None = None,
    processes: Processes | None = None,
) -> Trained:
    """Train an autoencoder, anew or from where an earlier training stopped.

    Parameters
    ----------
    module_params : mapping
        Arguments of the network.
    training_data, validation_data : SequenceDataset
        What to learn from, and what to judge by: with validation data, the weights of the best epoch are restored.
    settings : TrainingSettings
        How to train.
    resume : Resume or None, default=None
        A module to continue with; it is copied, so that a training that fails leaves it as it was.
    network : type, default=SequenceAutoencoder
        What to train.
    checkpoint : Checkpoint or None, default=None
        What is written after each epoch; the training goes on from what is found there.
    processes : Processes or None, default=None
        Who trains together, each with the same arguments.

    Returns
    -------
    Trained

    Raises
    ------
    ValueError
        If the loss is not finite, or the output of a module differs in shape from its target.
    """
    keep_freed_memory()
    settings = settings_of_process(settings, processes)
    with memory_given_back(settings.device), usable_threads():  # given back once the net is gone
        return _train(module_params, training_data, validation_data, settings, resume, network, checkpoint, processes)


def _train(
    module_params: Mapping[str, Any],
    training_data: SequenceDataset,
    validation_data: SequenceDataset | None,
    settings: TrainingSettings,
    resume: Resume | None,
    network: type,
    checkpoint: Checkpoint | None,
    processes: Processes | None,
) -> Trained:
    earlier = [] if resume is None else resume.history
    with closing(ProgressBar()) as progress, _forked_generators(settings, module_params):
        net = make_net(
            module_params,
            training_data,
            validation_data,
            settings,
            progress,
            resumes=resume is not None,
            network=network,
        )
        signature = optimizer_signature(settings.net_params)
        if checkpoint is not None:
            speaks = processes is None or processes.is_first
            draws = speaks and not _runs_as_it_comes(settings, module_params)
            net.callbacks.append(("checkpoints", KeepEpochs(checkpoint, signature, draws=draws)))
        net.initialize()
        keeps_rates = leaves_rates_alone(settings.learning_rate_schedule, net)
        if checkpoint is not None and checkpoint.read() is not None:
            load_epochs(net, checkpoint, signature, earlier)
        elif resume is not None:
            load_module_state(net, resume.module.state_dict())
            load_loss_state(net, resume.loss_state)
            load_optimizer_state(net, resume.optimizer_state, signature, keeps_rates=keeps_rates)
            net.continue_history(resume.history)
        elif module_params.get("linear_path"):
            net.module_.start_from(*_principal_components(net.module_, training_data, settings))
        with _together(net, processes), _shortcuts(net, training_data, settings, module_params):
            net.partial_fit(training_data)
    return Trained(
        trained_module(net).eval(),
        optimizer_state(net, signature, keeps_rates=keeps_rates),
        loss_state(net),
        completed_epochs(list(net.history)[len(earlier) :]),
        net.interrupted_,
    )


def _runs_as_it_comes(settings: TrainingSettings, module_params: Mapping[str, Any]) -> bool:
    """Whether nothing draws from torch's global generators, and nobody looks at single steps: dropout does, and what
    the user brings along may.
    """
    user_code = settings.net_params or settings.callbacks or not isinstance(settings.loss, str)
    return not (module_params.get("dropout") or user_code)


@contextmanager
def _together(net: Net, processes: Processes | None) -> Iterator[None]:
    """Train on this process's part of each batch, where there are others."""
    if processes is None:
        yield
        return
    net.parallel_ = DataParallel(processes)
    try:
        yield
    finally:
        net.parallel_.close()
        net.parallel_ = None


@contextmanager
def _shortcuts(
    net: Net, data: SequenceDataset, settings: TrainingSettings, module_params: Mapping[str, Any]
) -> Iterator[None]:
    """Share the work among torch's threads; where nobody looks at single steps, take shorter ways to the same end."""
    batch_size, n_timesteps = min(settings.batch_size, len(data)), int(data.lengths.max())
    work = net.module_.multiply_adds(batch_size, n_timesteps)
    if net.parallel_ is not None:
        with suitable_threads(work // net.parallel_.processes.size):
            yield
        return
    unwatched = _runs_as_it_comes(settings, module_params)
    if unwatched and Updates is not None:
        net.updates_ = Updates(net.optimizer_)
    on_cpu = torch.device(settings.device).type == "cpu"
    if not (unwatched and on_cpu and Halves is not None and Halves.pay(net.module_, batch_size, n_timesteps)):
        with suitable_threads(work):
            yield
        return
    with parallel_map(2, work // 2) as map_:
        net.halves_ = Halves(net.infer, net.criterion_, map_)
        yield


@contextmanager
def _forked_generators(settings: TrainingSettings, module_params: Mapping[str, Any]) -> Iterator[None]:
    """Seed torch's global generators where something may draw from them, and put them back afterwards.

    Dropout does, and what the user brings along may. All else has generators of its own, so that trainings in several
    threads do not disturb each other.
    """
    if _runs_as_it_comes(settings, module_params):
        yield
        return
    cuda = torch.device(settings.device).type == "cuda"
    with torch.random.fork_rng(devices=range(torch.cuda.device_count()) if cuda else []):
        torch.default_generator.manual_seed(settings.seeds.user)
        if cuda:
            torch.cuda.manual_seed_all(settings.seeds.user)
        yield


def _principal_components(
    module: Any, data: SequenceDataset, settings: TrainingSettings
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Mean, directions and deviations to start from, of whole patches."""
    n_timesteps = len(module.linear_path.weight) * module.patch_len
    mean, scale = module.mean.cpu().numpy(), module.scale.cpu().numpy()
    return principal_components(
        data, module.code_size, n_timesteps, mean, scale, time_shift=settings.time_shift, seed=settings.seeds.components
    )
