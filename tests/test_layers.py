"""The package's layers: who may import whom, where each framework is met, and that functions stay short."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sklearn_seqae

# Lowest first; a module imports only from levels below its own.
LEVELS = [
    {"_operators"},
    {"_refusals", "_threads", "_devices", "_files", "_pictures", "_fitting", "_window_plan", "_drawing", "_panels"}
    | {"_recurrent", "_memory_maps", "_halves", "_updates"},
    {"_sequences", "_modules", "_batching", "_windows", "_selection", "_arguments"},
    {"_principal", "_inference", "_persistence", "_comparison", "_examples", "_coloring", "_net"},
    {"_training", "_collapse", "_errors"},
    {"_autoencoder"},
    {"_outlier", "_display_anomaly", "_display_latent", "_display_loss", "_display_reconstruction"},
    {"_display"},
    {"__init__"},
    {"__main__"},
]
LEVEL = {module: level for level, modules in enumerate(LEVELS) for module in modules}

PACKAGE = sklearn_seqae.__name__
TREES = {
    path.stem: ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    for path in sorted(Path(sklearn_seqae.__file__).parent.glob("*.py"))
}

MOST_LINES = 50
USUAL_LINES = 20

Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def run_on_import(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those in functions and those that only type checkers read."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function) and not is_for_type_checkers(child):
            yield child
            yield from run_on_import(child)


def imported(nodes: Iterator[ast.AST]) -> set[str]:
    """Full names of what is imported: "torch.nn" for `from torch import nn`, the package's own names with its name."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = [PACKAGE] * (node.level > 0) + ([node.module] if node.module else [])
            names |= {".".join([*parts, alias.name]) for alias in node.names}
    return names


def belongs_to(name: str, library: str) -> bool:
    return name == library or name.startswith(f"{library}.")


def modules_that_meet(library: str) -> set[str]:
    """Modules that import the library, anywhere."""
    return {m for m, tree in TREES.items() if any(belongs_to(name, library) for name in imported(ast.walk(tree)))}


def own_modules(module: str) -> set[str]:
    """Modules of the package that a module imports; a name that is none stands for the package's root."""
    own = [name.split(".")[1:] for name in imported(ast.walk(TREES[module])) if belongs_to(name, PACKAGE)]
    return {rest[0] if rest and rest[0] in TREES else "__init__" for rest in own}


def functions() -> dict[str, int]:
    """Each function's number of lines between its signature and docstring and its end."""
    lines = {}
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                body = node.body[ast.get_docstring(node) is not None :]
                n_lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                lines[f"{module}.py:{node.lineno} {node.name}"] = n_lines
    return lines


def test_every_module_has_a_level() -> None:
    without = sorted(TREES.keys() - LEVEL.keys())
    assert not without, f"give these modules a level in LEVELS, by what they may import: {', '.join(without)}"


@pytest.mark.parametrize("module", TREES)
def test_module_imports_only_from_levels_below(module: str) -> None:
    level = LEVEL.get(module, len(LEVELS))  # the test above speaks of modules without a level
    too_high = {other for other in own_modules(module) if LEVEL.get(other, 0) >= level}
    assert not too_high, f"{module} must not import from {', '.join(sorted(too_high))}"


@pytest.mark.parametrize(("library", "modules"), [("skorch", {"_net"}), ("torch.nn", {"_recurrent", "_modules"})])
def test_framework_is_met_in_its_modules_alone(library: str, modules: set[str]) -> None:
    assert modules_that_meet(library) == modules


def test_torch_nn_is_not_reached_through_torch() -> None:
    reaching = {
        module
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and belongs_to(ast.unparse(node), "torch.nn")
    }
    assert reaching <= {"_recurrent", "_modules"}


@pytest.mark.parametrize("library", ["matplotlib", "pandas", "polars", "pyarrow", "skops"])
def test_optional_library_is_imported_only_in_functions(library: str) -> None:
    on_import = {m for m, tree in TREES.items() if any(belongs_to(n, library) for n in imported(run_on_import(tree)))}
    assert not on_import


@pytest.mark.parametrize("library", ["pytest", "hypothesis", "unittest", "tests"])
def test_package_does_not_know_its_tests(library: str) -> None:
    assert not modules_that_meet(library)


def test_no_function_is_long() -> None:
    long = {name: n_lines for name, n_lines in functions().items() if n_lines > MOST_LINES}
    assert not long, f"split these into named phases of at most {MOST_LINES} lines: {long}"


def test_nine_functions_in_ten_are_short() -> None:
    lengths = sorted(functions().values())
    assert lengths[int(0.9 * len(lengths))] <= USUAL_LINES
