"""The rule of one standard error: worked out by hand, in real searches, and what it refuses."""

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae._selection import OneStandardErrorRule
from tests.tiny import tiny

NAN, INF = np.nan, np.inf

RULE = OneStandardErrorRule("latent_dim")


def results_of(scores: dict[Any, list[float]], metric: str = "score") -> dict[str, Any]:
    """What a search over `latent_dim` leaves, from the test scores by value."""
    table = np.array(list(scores.values()), dtype=float)
    return {
        "params": [{"latent_dim": value} for value in scores],
        "param_latent_dim": np.ma.masked_array(list(scores), dtype=object),
        f"mean_test_{metric}": table.mean(axis=1),
    } | {f"split{split}_test_{metric}": column for split, column in enumerate(table.T)}


# The best has the mean 0.8 and the deviations 0.1, 0, -0.1, so the standard deviation 0.1, and the standard error
# 0.1 / sqrt(3) = 0.0577: what is at least 0.7423 is good. With 3 in the denominator, it would be 0.7529.
WORKED_OUT: dict[int, list[float]] = {
    16: [0.9, 0.8, 0.7],
    8: [0.8, 0.8, 0.7],  # 0.767
    4: [0.75, 0.75, 0.74],  # 0.747
    2: [0.75, 0.74, 0.73],  # 0.74
}


def test_smallest_within_one_standard_error_worked_out_by_hand() -> None:
    assert RULE(results_of(WORKED_OUT)) == 2


@given(st.permutations(list(WORKED_OUT)))
def test_order_of_the_candidates_does_not_matter(order: list[int]) -> None:
    assert order[RULE(results_of({value: WORKED_OUT[value] for value in order}))] == 4


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=8),
    st.integers(2, 6),
    st.integers(0, 1000),
)
def test_choice_is_good_and_no_good_candidate_is_smaller(values: list[int], n_splits: int, seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(len(values), n_splits))
    results: dict[str, Any] = {"params": [{"latent_dim": value} for value in values]}
    results |= {f"split{split}_test_score": scores[:, split] for split in range(n_splits)}
    means, best = scores.mean(axis=1), scores.mean(axis=1).argmax()
    threshold = means[best] - np.sqrt(np.var(scores[best], ddof=1) / n_splits)
    chosen = RULE(results)
    assert means[chosen] >= threshold
    for value, mean in zip(values, means, strict=True):
        assert mean < threshold or (value, -mean) >= (values[chosen], -means[chosen])


def test_of_equal_values_the_best_score_is_taken_and_then_the_first() -> None:
    results = results_of({0: [0.7, 0.9], 1: [0.72, 0.92], 2: [0.72, 0.92], 3: [0.8, 1.0]})
    results["params"] = [{"latent_dim": value, "input_noise": i} for i, value in enumerate([2, 2, 2, 4])]
    assert RULE(results) == 1


def test_scores_without_spread_leave_only_the_best() -> None:
    assert RULE(results_of({2: [0.8, 0.8], 4: [0.9, 0.9], 8: [0.9, 0.9]})) == 1


@pytest.mark.parametrize("failed", [NAN, INF, -INF])
def test_candidates_with_a_failed_fit_are_left_out(failed: float) -> None:
    assert RULE(results_of({1: [failed, 0.9, 0.9], **WORKED_OUT})) == 3


def test_negative_scores_and_fractions_are_numbers_too() -> None:
    results = results_of({0.5: [-3.0, -1.0], np.float32(0.25): [-3.5, -1.5], np.int64(1): [-9.0, -9.0]})
    assert RULE(results) == 1


# In searches


@pytest.fixture(scope="module")
def table() -> NDArray[np.float64]:
    """Three factors in ten columns, and noise in which a fourth component happens to score best."""
    rng = np.random.default_rng(3)
    return rng.normal(size=(100, 3)) @ rng.normal(size=(3, 10)) + 0.3 * rng.normal(size=(100, 10))


def likelihood(estimator: Any, X: Any, y: Any = None) -> float:
    return float(estimator.score(X))


def narrowness(estimator: Any, X: Any, y: Any = None) -> float:
    return float(-estimator.n_components)


GRID = {"n_components": [1, 2, 3, 4, 5, 6]}


def test_search_takes_the_components_that_the_data_has(table: NDArray[np.float64]) -> None:
    search = GridSearchCV(PCA(), GRID, refit=OneStandardErrorRule("n_components")).fit(table)
    assert search.best_params_ == {"n_components": 3}
    assert search.best_estimator_.n_components_ == 3
    assert search.transform(table).shape == (100, 3)
    assert not hasattr(search, "best_score_")
    assert GridSearchCV(PCA(), GRID).fit(table).best_params_ == {"n_components": 4}


def test_search_by_several_metrics_uses_the_named_one(table: NDArray[np.float64]) -> None:
    scoring = {"likelihood": likelihood, "narrowness": narrowness}
    found = [
        GridSearchCV(PCA(), GRID, scoring=scoring, refit=OneStandardErrorRule("n_components", metric=metric))
        .fit(table)
        .best_params_["n_components"]
        for metric in scoring
    ]
    assert found == [3, 1]


def test_random_search_in_a_pipeline(table: NDArray[np.float64]) -> None:
    pipeline = make_pipeline(StandardScaler(with_std=False), PCA())
    grid = {"pca__n_components": [1, 3, 6]}
    rule = OneStandardErrorRule("pca__n_components")
    search = RandomizedSearchCV(pipeline, grid, n_iter=3, refit=rule, random_state=0).fit(table)
    assert search.best_params_ == {"pca__n_components": 3}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_search_over_the_width_of_a_code(table: NDArray[np.float64]) -> None:
    search = GridSearchCV(tiny(), {"latent_dim": [3, 2]}, cv=2, refit=RULE).fit(table)
    assert search.best_estimator_.latent_dim == search.cv_results_["param_latent_dim"][RULE(search.cv_results_)]


def test_rule_survives_cloning_and_pickling() -> None:
    rule = OneStandardErrorRule("latent_dim", metric="r2")
    assert clone(GridSearchCV(PCA(), GRID, refit=rule)).refit == rule
    assert pickle.loads(pickle.dumps(rule)) == rule
    assert repr(rule) == "OneStandardErrorRule(param='latent_dim', metric='r2')"


# Refusals

# id: the rule, what it is given, substance of the message
REFUSED: dict[str, tuple[OneStandardErrorRule, dict[str, Any], list[str]]] = {
    "unknown parameter": (
        OneStandardErrorRule("n_components"),
        results_of(WORKED_OUT),
        ["'n_components' was not searched", "'latent_dim'"],
    ),
    "step left out": (
        RULE,
        results_of(WORKED_OUT) | {"params": [{"ae__latent_dim": 1, "ae__input_noise": 0}] * 4},
        ["'latent_dim' was not searched", "'ae__input_noise', 'ae__latent_dim'"],
    ),
    "grids without it": (
        RULE,
        results_of(WORKED_OUT) | {"params": [{"latent_dim": 1}, {"input_noise": 0.5}] * 2},
        ["Candidate 1 has no value of 'latent_dim'", "{'input_noise': 0.5}", "each of the grids"],
    ),
    "a string": (RULE, results_of({8: [1, 1], "auto": [1, 1]}), ["Candidate 1", "latent_dim='auto'", "numbers only"]),
    "none": (RULE, results_of({None: [1, 1]}), ["Candidate 0", "latent_dim=None", "not a number"]),
    "a tuple": (RULE, results_of(WORKED_OUT) | {"params": [{"latent_dim": (8, 8)}] * 4}, ["latent_dim=(8, 8)"]),
    "a truth value": (RULE, results_of({True: [1, 1]}), ["latent_dim=True", "not a number"]),
    "nan": (RULE, results_of({NAN: [1, 1]}), ["latent_dim=nan", "not a number"]),
    "unknown metric": (
        OneStandardErrorRule("latent_dim", metric="r2"),
        results_of(WORKED_OUT) | results_of(WORKED_OUT, "mae"),
        ["no metric 'r2'", "'mae', 'score'", "metric"],
    ),
    "one split": (RULE, results_of({8: [1.0], 4: [1.0]}), ["1 split", "at least 2", "cv=5"]),
    "all failed": (RULE, results_of({8: [NAN, 1], 4: [NAN, NAN]}), ["No candidate", "'score'", 'error_score="raise"']),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_results_say_what_and_why(name: str) -> None:
    rule, results, substance = REFUSED[name]
    with pytest.raises(ValueError) as raised:
        rule(results)
    assert [part for part in substance if part not in str(raised.value)] == []
