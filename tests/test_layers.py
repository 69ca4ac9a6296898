"""The package's layers: who may import whom, where each framework is met, and that functions stay short."""

import ast
from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sklearn_seqae

# Lowest first: rooms, and modules at the root, by their dotted names below the package. A module imports only from
# levels below its own and from its own room, where no two modules import each other.
LEVELS = [
    {"_data", "_fast", "_storage"},
    {"_compute"},
    {"_network"},
    {"_training", "_inference", "_export", "_numpy"},
    {"_base", "_fit_tasks", "_numpy_autoencoder", "_selection", "_windows"},
    {"_autoencoder", "_imputer_parts"},
    {"_template"},
    {"_series_parts"},
    {"_features", "_imputer", "_outlier", "_series"},
    {"_files", "_onnx"},
    {"_plot"},
    {"__init__"},
    {"_cli"},
    {"__main__"},
]
LEVEL = {name: level for level, names in enumerate(LEVELS) for name in names}

PACKAGE = sklearn_seqae.__name__
ROOT = Path(sklearn_seqae.__file__).parent


def dotted_name(path: Path) -> str:
    """Name below the package: "_data._sequences", "_data" for its `__init__`, "__init__" for the package's own."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


TREES = {
    dotted_name(path): ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    for path in sorted(ROOT.rglob("*.py"))
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


def own_modules(module: str, walk: Callable[[ast.AST], Iterator[ast.AST]] = ast.walk) -> set[str]:
    """Modules of the package that a module imports, a room where it is not there, else the package's root."""
    own = {
        name.removeprefix(PACKAGE).lstrip(".") for name in imported(walk(TREES[module])) if belongs_to(name, PACKAGE)
    }
    return {
        next((m for m in (name, name.rpartition(".")[0], room(name)) if m in TREES or m in LEVEL), "__init__")
        for name in own
    }


def imported_with(module: str) -> set[str]:
    """Modules of the package that are there once a module is: itself, what it imports, what that imports."""
    found, new = set(), {module}
    while new:
        found |= new
        new = {other for known in new for other in own_modules(known, run_on_import)} - found
    return found


def room(module: str) -> str:
    """What has a level: the room that a module is in, or the module itself where it is at the root."""
    return module.partition(".")[0]


def functions() -> dict[str, int]:
    """Each function's number of lines between its signature and docstring and its end."""
    lines = {}
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                body = node.body[ast.get_docstring(node) is not None :]
                n_lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                lines[f"{module}:{node.lineno} {node.name}"] = n_lines
    return lines


def test_every_room_has_a_level() -> None:
    without = sorted({room(module) for module in TREES} - LEVEL.keys())
    assert not without, f"give these a level in LEVELS, by what they may import: {', '.join(without)}"


@pytest.mark.parametrize("module", TREES)
def test_module_imports_only_from_levels_below(module: str) -> None:
    own = room(module)
    level = LEVEL.get(own, len(LEVELS))  # the test above speaks of rooms without a level
    too_high = {other for other in own_modules(module) if room(other) != own and LEVEL.get(room(other), 0) >= level}
    assert not too_high, f"{module} must not import from {', '.join(sorted(too_high))}"


def test_no_two_modules_import_each_other() -> None:
    TopologicalSorter({module: own_modules(module) for module in TREES}).prepare()  # raises CycleError


@pytest.mark.parametrize("module", [module for module in TREES if "." not in module and module in LEVEL])
def test_a_room_says_what_lives_there_and_has_no_logic_at_its_door(module: str) -> None:
    tree = TREES[module]
    assert ast.get_docstring(tree)
    if (ROOT / module).is_dir():
        assert len(tree.body) == 1, f"{module}/__init__.py is for its docstring alone"


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        ("skorch", {"_training"}),
        ("torch.nn", {"_network", "_data"}),  # whose packed sequences are a container
        ("matplotlib", {"_plot", "_cli"}),
        ("argparse", {"_cli"}),
        ("narwhals", {"_data"}),
        ("onnx", {"_export"}),
        ("safetensors", {"_storage"}),
    ],
)
def test_framework_is_met_in_its_room_alone(library: str, rooms: set[str]) -> None:
    assert {room(module) for module in modules_that_meet(library)} == rooms


@pytest.mark.parametrize("library", ["sklearn", "skorch", "scipy", "pandas"])
def test_the_network_can_be_used_without(library: str) -> None:
    assert not {module for module in modules_that_meet(library) if room(module) in ("_network", "_compute", "_fast")}


@pytest.mark.parametrize("library", ["torch", "sklearn", "skorch", "scipy", "narwhals", "threadpoolctl", "tqdm"])
def test_a_saved_autoencoder_is_served_without(library: str) -> None:
    there = imported_with("_numpy_autoencoder")
    assert {"_storage._reading", "_data._readers", "_numpy._forward_pass"} <= there
    assert not {m for m in there if any(belongs_to(name, library) for name in imported(run_on_import(TREES[m])))}


def test_there_is_one_door_to_the_short_cuts() -> None:
    through = {m for m in TREES if room(m) != "_fast" and any(room(other) == "_fast" for other in own_modules(m))}
    assert through == {"_compute._shortcuts"}


def test_torch_nn_is_not_reached_through_torch() -> None:
    reaching = {
        module
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and belongs_to(ast.unparse(node), "torch.nn")
    }
    assert {room(module) for module in reaching} <= {"_network"}


@pytest.mark.parametrize(
    "library", ["matplotlib", "pandas", "polars", "pyarrow", "skops", "xarray", "dask", "onnx", "skl2onnx"]
)
def test_optional_library_is_imported_only_in_functions(library: str) -> None:
    on_import = {m for m, tree in TREES.items() if any(belongs_to(n, library) for n in imported(run_on_import(tree)))}
    assert not on_import


@pytest.mark.parametrize(
    "library", ["skorch", "sklearn.covariance", "sklearn.decomposition", "sklearn.model_selection"]
)
def test_a_fitted_model_can_be_used_without(library: str) -> None:
    there = imported_with("_outlier") | imported_with("_imputer")
    assert "_inference._passes" in there
    assert not {m for m in there if any(belongs_to(name, library) for name in imported(run_on_import(TREES[m])))}


@pytest.mark.parametrize("library", ["pytest", "hypothesis", "unittest", "tests"])
def test_package_does_not_know_its_tests(library: str) -> None:
    assert not modules_that_meet(library)


def test_no_function_is_long() -> None:
    long = {name: n_lines for name, n_lines in functions().items() if n_lines > MOST_LINES}
    assert not long, f"split these into named phases of at most {MOST_LINES} lines: {long}"


def test_nine_functions_in_ten_are_short() -> None:
    lengths = sorted(functions().values())
    assert lengths[int(0.9 * len(lengths))] <= USUAL_LINES
