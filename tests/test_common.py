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
from typing import Any
from unittest import SkipTest

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import estimator_checks_generator

from sklearn_seqae import LSTMAutoencoder

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FAST: dict[str, Any] = {"latent_dim": 3, "hidden_layer_sizes": (5,), "batch_size": 32, "max_epochs": 2}
SETTINGS = {
    "plain": LSTMAutoencoder(),
    "bidirectional": LSTMAutoencoder(bidirectional=True, merge_mode="concat", **FAST),
    "early_stopping": LSTMAutoencoder(early_stopping=True, **FAST),
    "one_layer": LSTMAutoencoder(**FAST | {"hidden_layer_sizes": ()}),
}
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
# Needs an environment variable that must be set before SciPy is imported; see the test that sets it.
NEEDS_ENVIRONMENT = "check_array_api_input"


def checks() -> Iterator[Any]:
    """All of scikit-learn's checks for each of the settings."""
    for name, estimator in SETTINGS.items():
        for checked, check in estimator_checks_generator(estimator):
            yield pytest.param(checked, check, id=f"{name}-{check.func.__name__}")


@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_every_scikit_learn_check_passes_and_none_is_skipped(
    estimator: LSTMAutoencoder, check: Callable[[LSTMAutoencoder], None]
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
    assert {"check_fit_idempotent", "check_methods_sample_order_invariance", "check_transformer_general"} <= names


def test_no_check_fails_or_is_skipped_with_the_array_api_switched_on() -> None:
    script = textwrap.dedent(f"""
        from sklearn.utils.estimator_checks import check_estimator
        from sklearn_seqae import LSTMAutoencoder

        results = check_estimator(LSTMAutoencoder(**{FAST}), on_skip=None, on_fail=None)
        assert len(results) >= 40
        for result in results:
            if result["status"] != "passed":
                print(result["check_name"], result["status"], repr(result["exception"]))
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
@pytest.mark.parametrize("name", ["bidirectional", "one_layer"])
@pytest.mark.parametrize("check", EXTRA_CHECKS)
def test_checks_that_scikit_learn_keeps_for_itself_pass(name: str, check: str) -> None:
    try:
        getattr(estimator_checks, check)(LSTMAutoencoder.__name__, clone(SETTINGS[name]))
    except SkipTest as skipped:
        raise AssertionError(f"skipped: {skipped}") from skipped


# The constructor


def parameters() -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(LSTMAutoencoder).parameters)


def test_constructor_does_nothing_but_assign_its_parameters_in_order() -> None:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(LSTMAutoencoder.__init__))).body
    assert isinstance(definition, ast.FunctionDef)
    assert [ast.unparse(statement) for statement in definition.body] == [f"self.{p} = {p}" for p in parameters()]


def test_only_the_first_parameter_may_be_given_by_position() -> None:
    kinds = [parameter.kind for parameter in parameters().values()]
    assert kinds == [inspect.Parameter.POSITIONAL_OR_KEYWORD] + [inspect.Parameter.KEYWORD_ONLY] * (len(kinds) - 1)


def test_every_parameter_is_constrained() -> None:
    assert list(LSTMAutoencoder._parameter_constraints) == list(parameters())


def test_defaults_are_immutable() -> None:
    for name, parameter in parameters().items():
        hash(parameter.default)
        assert isinstance(parameter.default, bool | int | float | str | tuple | None), name


# The docstrings


def documented(docstring: str | None, section: str) -> dict[str, str]:
    """Names in a section of a numpydoc docstring, in order, each with its type line."""
    found = re.search(rf"\n{section}\n-+\n(.*?)(?=\n\n\S[^\n]*\n-+\n|\Z)", inspect.cleandoc(docstring or ""), re.DOTALL)
    lines = re.findall(r"^(\w[\w, ]*) : (.*)$", found[1], re.MULTILINE) if found else []
    return {name: type_line for names, type_line in lines for name in names.split(", ")}


def test_docstring_lists_each_parameter_in_order_with_its_default() -> None:
    listed = documented(LSTMAutoencoder.__doc__, "Parameters")
    assert list(listed) == list(parameters())
    for name, parameter in parameters().items():
        _, found, default = listed[name].rpartition("default=")
        assert found, f"{name} has no default in the docstring"
        assert ast.literal_eval(default) == parameter.default, name


def test_docstring_lists_each_fitted_attribute_and_no_other() -> None:
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 6))).add_prefix("t")
    fitted = LSTMAutoencoder(**FAST, early_stopping=True, random_state=0).fit(X)
    attributes = {name for name in dir(fitted) if name.endswith("_") and not name.startswith("_")}
    assert set(documented(LSTMAutoencoder.__doc__, "Attributes")) == attributes


def public_methods() -> list[str]:
    """Methods that the package itself defines."""
    return [name for name, value in vars(LSTMAutoencoder).items() if inspect.isfunction(value) and name[0] != "_"]


@pytest.mark.parametrize("name", public_methods())
def test_method_docstring_lists_each_parameter_and_the_result(name: str) -> None:
    method = getattr(LSTMAutoencoder, name)
    assert list(documented(method.__doc__, "Parameters")) == list(inspect.signature(method).parameters)[1:]
    assert "\nReturns\n" in inspect.cleandoc(method.__doc__)


@pytest.mark.skipif(importlib.util.find_spec("sklearn.externals._numpydoc") is None, reason="no numpydoc here")
def test_docstring_has_no_unknown_section() -> None:
    from sklearn.externals._numpydoc import docscrape

    sections = docscrape.ClassDoc(LSTMAutoencoder)  # warns, so fails, on sections that are unknown or out of order
    assert sections["Summary"]
