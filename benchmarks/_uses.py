"""What codes are good for, as they come: classifying by three classifiers, and clustering."""

import statistics
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

__all__ = ["NO_USES", "TITLES", "Uses", "mean_uses", "uses_of"]

Array = NDArray[Any]

TITLES = ("logistic regression", "behind a StandardScaler", "3 nearest neighbours", "k-means")


class Uses(NamedTuple):
    """Accuracies on judged sequences, and the adjusted Rand index of k-means on all."""

    logistic: float
    standardized: float
    neighbours: float
    clusters: float


NO_USES = Uses(*[float("nan")] * 4)


def uses_of(fitted: Array, labels: Array, judged: Array, true_labels: Array) -> Uses:
    """What features are good for.

    Classifiers learn from the codes of the fitted sequences and are judged on the others; clusters, as many as there
    are classes, are found in all of them.
    """
    logistic = LogisticRegression(max_iter=1000)
    everything, all_labels = np.concatenate([fitted, judged]), np.concatenate([labels, true_labels])
    clusters = KMeans(len(np.unique(all_labels)), n_init=10, random_state=0).fit_predict(everything)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of the solver, after 1,000 iterations
        classifiers = (logistic, make_pipeline(StandardScaler(), logistic), KNeighborsClassifier(3))
        found = [float(each.fit(fitted, labels).score(judged, true_labels)) for each in classifiers]
    return Uses(found[0], found[1], found[2], float(adjusted_rand_score(all_labels, clusters)))


def mean_uses(several: Iterable[Uses]) -> Uses:
    """Each measure's mean."""
    return Uses(*(statistics.mean(values) for values in zip(*several, strict=True)))
