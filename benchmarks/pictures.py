"""The README's pictures of its own examples: an anomaly in a series, and the choice of a code's width.

The README's third picture, of errors against those of PCA, is `quality.py`'s.

    python benchmarks/pictures.py
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from _arguments import Arguments
from _report import FOLDER
from numpy.typing import NDArray
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from sklearn_seqae import AnomalyDisplay, LSTMAutoencoder, LSTMSeriesOutlierDetector, OneStandardErrorRule

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LATENT_DIMS = (1, 2, 3, 4, 6, 8, 12, 16)
PARAM = "lstmautoencoder__latent_dim"
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "0.45"
AT_POINT: dict[str, Any] = {"textcoords": "offset points"}


def anomaly(path: Path) -> None:
    """The README's long series, its score for each row, and the fault in it."""
    import matplotlib.pyplot as plt

    rng = np.random.default_rng(0)
    step = np.arange(3000)
    series = np.stack([np.sin(step / 8), np.cos(step / 8) ** 3], axis=1) + rng.normal(0, 0.1, (3000, 2))
    series[2500:2540, 1] = series[2500, 1]
    detector = LSTMSeriesOutlierDetector(false_alarm_rate=0.01, random_state=0).fit(series[:2000])
    display = AnomalyDisplay.from_estimator(
        detector,
        series[2000:],
        labels=(step[2000:] >= 2500) & (step[2000:] < 2540),
        time=step[2000:],
        xlabel="time step",
    )
    display.figure_.savefig(path, dpi=150)
    plt.close(display.figure_)


def code_width(path: Path) -> None:
    """Accuracy against the width of the code, with what the one-standard-error rule takes."""
    import matplotlib.pyplot as plt

    X, fast = waves()
    autoencoder = LSTMAutoencoder(hidden_layer_sizes=(32,), max_epochs=30, random_state=1)
    grid = {PARAM: list(LATENT_DIMS)}
    search = GridSearchCV(make_pipeline(autoencoder, SVC()), grid, refit=OneStandardErrorRule(PARAM)).fit(X, fast)
    with plt.rc_context({"font.size": 12, "axes.spines.top": False, "axes.spines.right": False}):
        figure, axes = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
        draw_search(axes, search.cv_results_, search.best_index_)
        figure.savefig(path, dpi=150)
        plt.close(figure)


def waves() -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The README's noisy waves, and which of them are fast."""
    rng = np.random.default_rng(0)
    frequency, phase = rng.uniform(1, 3, (200, 1)), rng.uniform(0, 6.28, (200, 1))
    X = np.sin(phase + frequency * np.linspace(0, 6.28, 30)) + rng.normal(0, 0.05, (200, 30))
    return X, (frequency > 2).ravel()


def draw_search(axes: "Axes", results: dict[str, Any], chosen: int) -> None:
    """Mean scores with their standard errors, the best one, and the one chosen."""
    widths, means = np.array(LATENT_DIMS), results["mean_test_score"]
    n_splits = sum(name.startswith("split") for name in results)
    scores = np.stack([results[f"split{split}_test_score"] for split in range(n_splits)])
    errors = scores.std(axis=0, ddof=1) / np.sqrt(n_splits)
    best = int(means.argmax())
    axes.errorbar(widths, means, errors, fmt="o-", color=BLUE, capsize=4, linewidth=2, markersize=6)
    axes.axhline(means[best] - errors[best], color=GREY, linestyle=":", linewidth=1.5)
    axes.annotate("best − 1 standard error", (widths[0], means[best] - errors[best]), (0, 5), color=GREY, **AT_POINT)
    above, below = ((0, 16), "center"), ((8, -34), "left")  # the scores rise towards the rule's choice
    for index, text, color, place in ((best, "best", GREY, above), (chosen, "the rule's choice", ORANGE, below)):
        axes.plot(widths[index], means[index], "o", color=color, markersize=13, fillstyle="none", markeredgewidth=2.5)
        axes.annotate(text, (widths[index], means[index]), place[0], ha=place[1], color=color, **AT_POINT)
    axes.set_ylim(top=1.01)
    axes.set_xscale("log", base=2)
    axes.set_xticks(widths, [str(width) for width in widths])
    axes.minorticks_off()
    axes.set(xlabel="latent_dim", ylabel="held-out accuracy")


def main() -> None:
    """Draw both."""
    import matplotlib as mpl

    arguments = Arguments(__doc__)
    arguments.add_path("--folder", "where to put them (default: beside the script)", default=FOLDER)
    folder = arguments.read().folder
    mpl.use("Agg")
    anomaly(folder / "anomaly_example.png")
    code_width(folder / "code_width.png")


if __name__ == "__main__":
    main()
