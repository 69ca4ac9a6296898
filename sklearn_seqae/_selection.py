"""How wide a code to take: the narrowest of those that are as good as the best."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count, takewhile
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["OneStandardErrorRule"]

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class OneStandardErrorRule:
    """Choose the smallest value of a parameter that scores within one standard error of the best.

    Pass it to ``GridSearchCV`` or ``RandomizedSearchCV`` as `refit`. The best mean score among many candidates is often
    best by luck, and a held-out score that rises steeply and then flattens has its highest point anywhere on the flat
    part. The rule [1]_ [2]_ takes the candidate with the smallest value of `param` among those whose mean test score is
    at most one standard error below the best one.

    Parameters
    ----------
    param : str
        Name of the searched parameter that is to be small, as in the parameter grid: "latent_dim", or
        "lstmautoencoder__latent_dim" in a pipeline. Its values are numbers, of which the smaller make the simpler
        model.
    metric : str, default="score"
        The metric, higher being better; "score" where the search has one metric, or its name in `scoring` where it has
        several.

    Notes
    -----
    The standard error is that of the best candidate's mean: the standard deviation of its test scores over the splits,
    with ``n_splits - 1`` in the denominator, over the square root of the number of splits. Where splits are repeated,
    as by ``RepeatedKFold``, it is too small, since they are not independent.

    A candidate with a score that is not finite, as that of a failed fit, is left out. Of several candidates with the
    smallest value, the one with the highest mean score is taken, and the first of equals.

    A search whose `refit` is callable has no ``best_score_``; it is
    ``search.cv_results_["mean_test_score"][search.best_index_]``. The halving searches (``HalvingGridSearchCV``,
    ``HalvingRandomSearchCV``) accept a callable but choose without it.

    References
    ----------
    .. [1] L. Breiman, J. H. Friedman, R. A. Olshen, C. J. Stone, Classification and Regression Trees, 1984,
       section 3.4.3.
    .. [2] T. Hastie, R. Tibshirani, J. Friedman, The Elements of Statistical Learning, 2nd edition, 2009,
       section 7.10.

    Examples
    --------
    Three factors make the data; a fourth component happens to score best, but hardly better:

    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_seqae import OneStandardErrorRule
    >>> rng = np.random.default_rng(3)
    >>> X = rng.normal(size=(100, 3)) @ rng.normal(size=(3, 10)) + rng.normal(size=(100, 10))
    >>> grid = {"n_components": [1, 2, 3, 4, 5, 6]}
    >>> GridSearchCV(PCA(), grid).fit(X).best_params_
    {'n_components': 4}
    >>> GridSearchCV(PCA(), grid, refit=OneStandardErrorRule("n_components")).fit(X).best_params_
    {'n_components': 3}
    """

    param: str
    metric: str = "score"

    def __call__(self, cv_results: Mapping[str, Any]) -> int:
        """Choose a candidate.

        Parameters
        ----------
        cv_results : mapping of str to array-like
            Results of a search, as its `cv_results_`.

        Returns
        -------
        best_index : int
            Place of the candidate in `cv_results`.

        Raises
        ------
        ValueError
            If `param` was not searched by every candidate or its values are not numbers, if there is no such
            `metric`, if there are fewer than two splits, or if no candidate has finite scores.
        """
        values = _numbers(cv_results, self.param)
        scores = _test_scores(cv_results, self.metric)
        candidates = np.flatnonzero(np.isfinite(scores).all(axis=1))
        if len(candidates) == 0:
            raise ValueError(
                f"No candidate has finite {self.metric!r} test scores, so none can be chosen. Search with "
                'error_score="raise" to see why the fits or the scoring failed.'
            )
        means = scores.mean(axis=1)
        best = min(candidates, key=lambda candidate: (-means[candidate], values[candidate]))
        standard_error = scores[best].std(ddof=1) / np.sqrt(scores.shape[1])
        good = candidates[means[candidates] >= means[best] - standard_error]
        return int(min(good, key=lambda candidate: (values[candidate], -means[candidate])))


def _numbers(cv_results: Mapping[str, Any], param: str) -> list[float]:
    """The parameter's value in each candidate."""
    searched = sorted({name for params in cv_results["params"] for name in params})
    if param not in searched:
        raise ValueError(f"The parameter {param!r} was not searched, but {', '.join(map(repr, searched))} were.")
    for candidate, params in enumerate(cv_results["params"]):
        if param not in params:
            raise ValueError(
                f"Candidate {candidate} has no value of {param!r}: {params!r}. Give {param!r} in each of the grids."
            )
        value = params[param]
        if isinstance(value, bool) or not isinstance(value, Real) or value != value:
            raise ValueError(
                f"Candidate {candidate} has {param}={value!r}, which is not a number, so the candidates cannot be put "
                "in order by it. Choose another parameter for the rule, or search numbers only."
            )
    return [params[param] for params in cv_results["params"]]


def _test_scores(cv_results: Mapping[str, Any], metric: str) -> Float64:
    """Test scores (n_candidates, n_splits)."""
    keys = list(takewhile(cv_results.__contains__, (f"split{split}_test_{metric}" for split in count())))
    if not keys:
        prefix = "mean_test_"
        metrics = sorted(key.removeprefix(prefix) for key in cv_results if key.startswith(prefix))
        raise ValueError(
            f"There is no metric {metric!r} in the results, but {', '.join(map(repr, metrics))}. Pass one of them as "
            "metric."
        )
    if len(keys) < 2:
        raise ValueError(
            "The search has 1 split, which gives no standard error. Search with at least 2 splits, cv=5 for example."
        )
    return np.column_stack([np.asarray(cv_results[key], dtype=np.float64) for key in keys])
