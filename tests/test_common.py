"""scikit-learn's contract to the letter: its own checks, the constructor, the docstrings."""

import ast
import importlib.util
import inspect
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any
from unittest import SkipTest

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import estimator_checks_generator

from sklearn_seqae import (
    LSTMAutoencoder,
    LSTMFeatures,
    LSTMImputer,
    LSTMOutlierDetector,
    LSTMSeriesOutlierDetector,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FAST: dict[str, Any] = {"latent_dim": 3, "hidden_layer_sizes": (5,), "batch_size": 32, "max_epochs": 2}
SETTINGS = {
    "plain": LSTMAutoencoder(),
    "bidirectional": LSTMAutoencoder(bidirectional=True, merge_mode="concat", **FAST),
    "early_stopping": LSTMAutoencoder(early_stopping=True, **FAST),
    "one_layer": LSTMAutoencoder(**FAST | {"hidden_layer_sizes": ()}),
    "features": LSTMFeatures(LSTMAutoencoder(**FAST), patch_lens=2, n_windows=16),
    "imputer": LSTMImputer(5, cv=2, max_epochs=2),
    "outlier_auto": LSTMOutlierDetector(LSTMAutoencoder(**FAST), cv=2),
    "outlier_mahalanobis": LSTMOutlierDetector(LSTMAutoencoder(**FAST), cv=2, scoring="mahalanobis", contamination=0.1),
    "series": LSTMSeriesOutlierDetector(LSTMAutoencoder(**FAST), cv=2),
}
ESTIMATORS = [LSTMAutoencoder, LSTMFeatures, LSTMImputer, LSTMOutlierDetector, LSTMSeriesOutlierDetector]
# In scikit-learn, but not part of `check_estimator`.
EXTRA_CHECKS = [
    "check_dataframe_column_names_consistency",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_get_feature_names_out_error",
    "check_global_output_transform_pandas",
    "check_global_set_output_transform_polars",
    "check_inplace_ensure_writeable",
    "check_param_validation",
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
]
FOR_ALL_ESTIMATORS = [
    "check_dataframe_column_names_consistency",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_inplace_ensure_writeable",
    "check_param_validation",
]
# Needs an environment variable that must be set before SciPy is imported; see the test that sets it.
NEEDS_ENVIRONMENT = "check_array_api_input"


def checks() -> Iterator[Any]:
    """All of scikit-learn's checks for each of the settings."""
    for name, estimator in SETTINGS.items():
        for checked, check in estimator_checks_generator(estimator):
            yield pytest.param(checked, check, id=f"{name}-{check.func.__name__}")


@pytest.fixture
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer batches for ``max_epochs="auto"``: how well the plain constructor learns is not asked here."""
    monkeypatch.setattr("sklearn_seqae._training._schedule._AUTO_STEPS", 10)


@pytest.mark.usefixtures("_brief")
@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_every_scikit_learn_check_passes_and_none_is_skipped(
    estimator: BaseEstimator, check: Callable[[BaseEstimator], None]
) -> None:
    try:
        check(estimator)
    except SkipTest as skipped:
        if check.func.__name__ != NEEDS_ENVIRONMENT:  # type: ignore[attr-defined]
            raise AssertionError(f"skipped: {skipped}") from skipped
        pytest.skip(str(skipped))


@pytest.mark.parametrize("name", SETTINGS)
def test_scikit_learn_finds_all_its_checks_applicable(name: str) -> None:
    names = {check.func.__name__ for _, check in estimator_checks_generator(SETTINGS[name])}
    assert len(names) >= 40
    own = "check_outliers_train" if isinstance(SETTINGS[name], OutlierMixin) else "check_transformer_general"
    assert {"check_fit_idempotent", "check_methods_sample_order_invariance", own} <= names


def test_no_check_fails_or_is_skipped_with_the_array_api_switched_on() -> None:
    script = textwrap.dedent(f"""
        from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator
        from sklearn_seqae import (
            LSTMAutoencoder, LSTMFeatures, LSTMImputer, LSTMOutlierDetector, LSTMSeriesOutlierDetector
        )

        autoencoder = LSTMAutoencoder(**{FAST})
        features = LSTMFeatures(autoencoder, patch_lens=2, n_windows=16)
        imputer = LSTMImputer(5, cv=2, max_epochs=2)
        detectors = [
            LSTMOutlierDetector(autoencoder, contamination=0.1, scoring="mae"),
            LSTMSeriesOutlierDetector(autoencoder, contamination=0.1, n_windows=32),
        ]
        results = check_estimator(autoencoder, on_skip=None, on_fail=None)
        assert len(results) >= 40
        for result in results:
            if result["status"] != "passed":
                print(result["check_name"], result["status"], repr(result["exception"]))
        for estimator in (features, imputer, *detectors):  # all other checks are run without it
            for _, check in estimator_checks_generator(estimator):
                if check.func.__name__ == "{NEEDS_ENVIRONMENT}":
                    check(estimator)
    """)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env=os.environ | {"SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names")  # some mix frames and arrays on purpose
@pytest.mark.parametrize(
    ("name", "check"),
    [
        *product(["bidirectional", "features", "imputer", "one_layer"], EXTRA_CHECKS),
        *product(["outlier_auto", "series"], FOR_ALL_ESTIMATORS),
    ],
)
def test_checks_that_scikit_learn_keeps_for_itself_pass(name: str, check: str) -> None:
    try:
        getattr(estimator_checks, check)(type(SETTINGS[name]).__name__, clone(SETTINGS[name]))
    except SkipTest as skipped:
        raise AssertionError(f"skipped: {skipped}") from skipped


# The constructor


each_estimator = pytest.mark.parametrize("estimator", ESTIMATORS)


def parameters(estimator: type) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(estimator).parameters)


@each_estimator
def test_constructor_does_nothing_but_assign_its_parameters_in_order(estimator: Any) -> None:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(estimator.__init__))).body
    assert isinstance(definition, ast.FunctionDef)
    assert [ast.unparse(line) for line in definition.body] == [f"self.{p} = {p}" for p in parameters(estimator)]


@each_estimator
def test_only_the_first_parameter_may_be_given_by_position(estimator: Any) -> None:
    kinds = [parameter.kind for parameter in parameters(estimator).values()]
    assert kinds == [inspect.Parameter.POSITIONAL_OR_KEYWORD] + [inspect.Parameter.KEYWORD_ONLY] * (len(kinds) - 1)


@each_estimator
def test_every_parameter_is_constrained(estimator: Any) -> None:
    assert list(estimator._parameter_constraints) == list(parameters(estimator))


@each_estimator
def test_defaults_are_immutable(estimator: Any) -> None:
    for name, parameter in parameters(estimator).items():
        hash(parameter.default)
        assert isinstance(parameter.default, bool | int | float | str | tuple | None), name


# The docstrings


def documented(docstring: str | None, section: str) -> dict[str, str]:
    """Names in a section of a numpydoc docstring, in order, each with its type line."""
    found = re.search(rf"\n{section}\n-+\n(.*?)(?=\n\n\S[^\n]*\n-+\n|\Z)", inspect.cleandoc(docstring or ""), re.DOTALL)
    lines = re.findall(r"^(\w[\w, ]*) : (.*)$", found[1], re.MULTILINE) if found else []
    return {name: type_line for names, type_line in lines for name in names.split(", ")}


@each_estimator
def test_docstring_lists_each_parameter_in_order_with_its_default(estimator: Any) -> None:
    listed = documented(estimator.__doc__, "Parameters")
    assert list(listed) == list(parameters(estimator))
    for name, parameter in parameters(estimator).items():
        _, found, default = listed[name].rpartition("default=")
        assert found, f"{name} has no default in the docstring"
        assert ast.literal_eval(default) == parameter.default, name


@pytest.mark.parametrize(
    "names",
    [["early_stopping"], ["features"], ["imputer"], ["outlier_auto", "outlier_mahalanobis"], ["series"]],
    ids=" ".join,
)
def test_docstring_lists_each_fitted_attribute_and_no_other(names: list[str]) -> None:
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 6))).add_prefix("t")
    estimators = [clone(SETTINGS[name]).fit(X) for name in names]
    attributes = {
        name for fitted in estimators for name in dir(fitted) if name.endswith("_") and not name.startswith("_")
    }
    assert set(documented(estimators[0].__doc__, "Attributes")) == attributes


def public_methods() -> Iterator[Any]:
    """Methods that the package itself defines."""
    for estimator in ESTIMATORS:
        for name, value in vars(estimator).items():
            if inspect.isfunction(value) and name[0] != "_" and name != "set_params":  # of which scikit-learn's has all
                yield pytest.param(value, id=value.__qualname__)


@pytest.mark.parametrize("method", list(public_methods()))
def test_method_docstring_lists_each_parameter_and_the_result(method: Callable[..., Any]) -> None:
    assert list(documented(method.__doc__, "Parameters")) == list(inspect.signature(method).parameters)[1:]
    assert "\nReturns\n" in inspect.cleandoc(method.__doc__ or "")


@pytest.mark.skipif(importlib.util.find_spec("sklearn.externals._numpydoc") is None, reason="no numpydoc here")
@each_estimator
def test_docstring_has_no_unknown_section(estimator: Any) -> None:
    from sklearn.externals._numpydoc import docscrape

    sections = docscrape.ClassDoc(estimator)  # warns, so fails, on sections that are unknown or out of order
    assert sections["Summary"]
