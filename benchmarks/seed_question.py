"""Steps that a network needs to learn the one sequence 0.0, 0.1, 0.2, 0.3, 0.4.

Compares the widely copied LSTM(20) -> RepeatVector(5) -> LSTM(1) with the defaults of `LSTMAutoencoder`, by the largest
error of the five values. The copied network's published course is 0.026 after 59,682 steps with MSE and 0.041 after
10,645 steps with L1, of plain Adam at 1e-3.

    python benchmarks/seed_question.py --torch-init --output benchmarks/seed_question.md
    python benchmarks/seed_question.py --quick
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from _arguments import Arguments
from _report import environment, table
from skorch.callbacks import Callback
from torch import Tensor, nn

from sklearn_seqae import LSTMAutoencoder

SEQUENCE = np.array([[0.0, 0.1, 0.2, 0.3, 0.4]])
LATENT_DIM = 20
CHECKPOINTS = (100, 1_000, 10_645, 59_682)
# The published runs of the copied network: loss, its name there, number of steps, largest error.
PUBLISHED = {"mse": ("MSE", 59_682, 0.026), "mae": ("L1", 10_645, 0.041)}
BUDGETS = (60, 80, 100)

COPIED: dict[str, Any] = {
    "latent_dim": LATENT_DIM,
    "hidden_layer_sizes": (),
    "decoder": "repeat",
    "output_layer": None,
    "patch_len": 1,
    "standardize": False,
    "input_noise": 0.0,
    "mixup": 0.0,
    "time_shift": 0.0,
    "weight_decay": 0.0,
    "max_grad_norm": None,
    "learning_rate": 1e-3,
    "learning_rate_schedule": "constant",
    "n_iter_no_change": 10**9,
}
# skorch searches the epochs so far at each step: one step an epoch would take the square of their number. Copies of
# the sequence, one in a batch, are the same steps in fewer epochs.
STEPS_PER_EPOCH = 100


# Lines of Markdown by title.
Sections = dict[str, list[str]]


@dataclass(frozen=True)
class Course:
    """Largest error after some numbers of steps, and how long all of them took."""

    errors: dict[int, float]
    seconds: float


@dataclass(frozen=True)
class Result:
    """Largest errors of a recipe's last reconstructions, one for each seed, with the range of steps taken."""

    recipe: str
    steps: tuple[int, int]
    errors: list[float]
    seconds: float


class LargestErrors(Callback):  # type: ignore[misc]
    """Records the largest error after the steps wished for."""

    def __init__(self, checkpoints: Iterable[int]) -> None:
        self.checkpoints = frozenset(checkpoints)
        self.errors: dict[int, float] = {}
        self.n_steps = 0

    def __deepcopy__(self, memo: Any) -> "LargestErrors":
        """Itself: a fit trains with copies, and what it records is read after the fit."""
        return self

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        """Count the step, and look at the reconstruction where it is time to."""
        self.n_steps += training
        if training and self.n_steps in self.checkpoints:
            self.errors[self.n_steps] = largest_error(net.module_)


@torch.no_grad()
def largest_error(module: Callable[[Tensor], Tensor]) -> float:
    """Largest absolute error of the reconstruction of the sequence."""
    x = torch.tensor(SEQUENCE, dtype=torch.float32)[:, :, None]
    return float((module(x) - x).abs().max())


def copied_course(loss: str, seed: int, checkpoints: Sequence[int]) -> Course:
    """Train the copied network through `LSTMAutoencoder`, as its notes say."""
    recorder = LargestErrors(checkpoints)
    n_epochs = -(-max(checkpoints) // STEPS_PER_EPOCH)
    model = LSTMAutoencoder(
        **COPIED, loss=loss, batch_size=1, max_epochs=n_epochs, callbacks=[recorder], random_state=seed
    )
    start = time.perf_counter()
    model.fit(np.repeat(SEQUENCE, STEPS_PER_EPOCH, axis=0))
    return Course(recorder.errors, time.perf_counter() - start)


class CopiedNetwork(nn.Module):
    """The copied network as its accepted repair has it, in torch alone, with torch's initial weights."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.LSTM(1, LATENT_DIM, batch_first=True)
        self.decoder = nn.LSTM(LATENT_DIM, 1, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, 1) -> (B, T, 1)."""
        _, (hidden, _) = self.encoder(x)
        outputs, _ = self.decoder(hidden[-1].unsqueeze(1).expand(-1, x.shape[1], -1))
        return outputs


def torch_course(loss: str, seed: int, checkpoints: Sequence[int]) -> Course:
    """Train the copied network in a plain loop with Adam's defaults."""
    torch.manual_seed(seed)
    module = CopiedNetwork()
    optimizer = torch.optim.Adam(module.parameters())
    criterion = {"mse": nn.MSELoss(), "mae": nn.L1Loss()}[loss]
    x = torch.tensor(SEQUENCE, dtype=torch.float32)[:, :, None]
    errors = {}
    start = time.perf_counter()
    for step in range(1, max(checkpoints) + 1):
        prediction = module(x)
        assert prediction.shape == x.shape
        optimizer.zero_grad()
        criterion(prediction, x).backward()
        optimizer.step()
        if step in checkpoints:
            errors[step] = largest_error(module)
    return Course(errors, time.perf_counter() - start)


def default_result(n_seeds: int, max_epochs: int | None = None) -> Result:
    """Train the defaults; one sequence makes one step an epoch."""
    changes: dict[str, Any] = {} if max_epochs is None else {"max_epochs": max_epochs}
    start = time.perf_counter()
    models = [
        LSTMAutoencoder(latent_dim=LATENT_DIM, random_state=seed, **changes).fit(SEQUENCE) for seed in range(n_seeds)
    ]
    seconds = time.perf_counter() - start
    steps = [model.n_iter_ for model in models]
    recipe = "the plain constructor" if max_epochs is None else f"`max_epochs={max_epochs}`"
    errors = [largest_error(model.module_) for model in models]
    return Result(recipe, (min(steps), max(steps)), errors, seconds / n_seeds)


def course_table(loss: str, courses: Sequence[Course], checkpoints: Sequence[int]) -> list[str]:
    """Largest errors by seed and number of steps, with their median, beside the published figure."""
    _, published_steps, published_error = PUBLISHED[loss]
    rows = [
        [seed, *(f"{course.errors[step]:.4f}" for step in checkpoints), f"{course.seconds:.0f}"]
        for seed, course in enumerate(courses)
    ]
    medians = [f"{np.median([course.errors[step] for course in courses]):.4f}" for step in checkpoints]
    rows.append(["median", *medians, f"{np.median([course.seconds for course in courses]):.0f}"])
    lines = table(["seed", *(f"{step:,} steps" for step in checkpoints), "seconds"], rows)
    return [lines, "", f"Published: {published_error} after {published_steps:,} steps."]


def default_table(results: Sequence[Result]) -> str:
    """Largest errors of the defaults over all seeds."""
    bar = min(error for _, _, error in PUBLISHED.values())
    header = ["`LSTMAutoencoder(latent_dim=20)`", "steps", "median", "maximum", f"seeds below {bar}", "seconds a fit"]
    rows = []
    for result in results:
        below = sum(error < bar for error in result.errors)
        steps = " to ".join(f"{step:,}" for step in sorted(set(result.steps)))
        median, maximum = (f"{statistic(result.errors):.5f}" for statistic in (np.median, np.max))
        of_all = f"{below} of {len(result.errors)}"
        rows.append([result.recipe, steps, median, maximum, of_all, f"{result.seconds:.2f}"])
    return table(header, rows)


def default_section(quick: bool) -> Sections:
    """Train the defaults for a few steps, and for as many as they take."""
    n_seeds = 3 if quick else 20
    lines = default_table([default_result(n_seeds, max_epochs) for max_epochs in (*BUDGETS, None)])
    return {"The defaults": ["The bar is the smaller of the two published errors.", "", lines]}


def copied_sections(title: str, train: Callable[[str, int, Sequence[int]], Course], quick: bool) -> Sections:
    """Train a copied network with both losses over several seeds."""
    sections = {}
    for loss, (name, published_steps, _) in PUBLISHED.items():
        longest = 1_000 if quick else published_steps
        checkpoints = [step for step in CHECKPOINTS if step <= longest]
        courses = []
        for seed in range(1 if quick else 5):
            print(f"{title}, {name}, seed {seed}", file=sys.stderr)
            courses.append(train(loss, seed, checkpoints))
        sections[f"{title}, {name}"] = course_table(loss, courses, checkpoints)
    return sections


def run(arguments: argparse.Namespace) -> Sections:
    """Run what is asked for."""
    sections = default_section(arguments.quick)
    if not arguments.only_defaults:
        sections |= copied_sections("The copied network through `LSTMAutoencoder`", copied_course, arguments.quick)
    if arguments.torch_init:
        title = "The copied network in plain torch, with torch's initial weights"
        sections |= copied_sections(title, torch_course, arguments.quick)
    return sections


def read_sections(text: str) -> Sections:
    """The sections of an earlier report."""
    _, *parts = text.split("\n## ")
    return {title: body.strip("\n").split("\n") for title, _, body in (part.partition("\n") for part in parts)}


def write_sections(sections: Sections) -> str:
    """A report in Markdown."""
    lines = ["# One sequence, 0.0 to 0.4", "", "Each figure is the largest error of the five values."]
    for title, body in sections.items():
        lines += ["", f"## {title}", "", *body]
    return "\n".join(lines) + "\n"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    options = Arguments(__doc__, quick="1,000 steps and few seeds: under a minute")
    options.add("--torch-init", action="store_true", help="also train the copied network in plain torch")
    options.add("--only-defaults", action="store_true", help="do not train the copied network")
    options.add_path("--output", "write the tables to FILE, keeping its others", metavar="FILE")
    return options.read(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # short runs of the copied network collapse, which is what is measured
    parsed = parse(arguments)
    made_by = environment(note="of which one thread was used")
    sections = {title: [*body, "", made_by] for title, body in run(parsed).items()}
    print(write_sections(sections))
    if parsed.output:
        earlier = read_sections(parsed.output.read_text()) if parsed.output.exists() else {}
        parsed.output.write_text(write_sections(earlier | sections))


if __name__ == "__main__":
    main()
