"""On a cluster of two processes: searches whose fits run there, and fitted models that are applied there."""

from collections.abc import Iterator
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import OneStandardErrorRule
from tests.tiny import tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

distributed = pytest.importorskip("distributed")

X = np.random.default_rng(0).normal(size=(30, 6)).astype(np.float32)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """One cluster for all tests: its start takes longer than they do."""
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def scores(search: GridSearchCV) -> dict[str, Any]:
    """What a search found, apart from times."""
    results = search.cv_results_
    return {key: value for key, value in results.items() if "_test_" in key or key == "params"}


def test_a_search_finds_what_it_finds_here(client: Any) -> None:
    pipeline = make_pipeline(StandardScaler(), tiny(dropout=0.1), LogisticRegression())
    rule = OneStandardErrorRule("lstmautoencoder__latent_dim")
    here = GridSearchCV(pipeline, {"lstmautoencoder__latent_dim": [1, 2, 3]}, cv=2, refit=rule)
    there = clone(here)
    labels = X[:, -1] > 0
    here.fit(X, labels)
    with joblib.parallel_config("dask", scatter=[X]):
        there.fit(X, labels)
    np.testing.assert_equal(scores(there), scores(here))
    assert there.best_params_ == here.best_params_
    np.testing.assert_array_equal(there.predict_proba(X), here.predict_proba(X))


def test_a_model_is_applied_by_processes(client: Any) -> None:
    model = tiny().fit(X)
    chunked = pytest.importorskip("dask.array").from_array(X, chunks=(7, -1))
    codes = chunked.map_blocks(model.transform, dtype=np.float32, chunks=(chunked.chunks[0], 3))
    np.testing.assert_allclose(codes.compute(), model.transform(X), rtol=1e-5, atol=1e-6)
