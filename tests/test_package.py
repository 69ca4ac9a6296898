"""The package's door: its names are there, and importing it costs nothing until one is used."""

import pickle
import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path
from pydoc import render_doc
from typing import Any

import pytest

import sklearn_seqae

# Libraries that take long to import.
HEAVY = ("torch", "sklearn", "skorch", "scipy", "pandas", "matplotlib")


def heavy_after(statement: str) -> set[str]:
    """Which of them a new interpreter has imported after a statement."""
    code = f"import sys\n{statement}\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert heavy_after("import sklearn_seqae; dir(sklearn_seqae); sklearn_seqae.__version__") == set()


def test_windows_do_without_torch() -> None:
    assert heavy_after("from sklearn_seqae import sliding_windows, stitch_windows") == set()


@pytest.mark.parametrize("name", sklearn_seqae.__all__)
def test_names_are_importable(name: str) -> None:
    value: Any = getattr(sklearn_seqae, name)
    assert name in dir(sklearn_seqae)
    if name != "__version__":
        assert value.__name__ == name
        assert value.__module__.startswith("sklearn_seqae._")
        assert pickle.loads(pickle.dumps(value)) is value


def test_star_import() -> None:
    names: dict[str, Any] = {}
    exec("from sklearn_seqae import *", names)
    assert set(sklearn_seqae.__all__) <= set(names)


def test_version() -> None:
    assert sklearn_seqae.__version__ == version("sklearn-seqae")


def test_help_lists_the_names() -> None:
    text = render_doc(sklearn_seqae)
    for name in set(sklearn_seqae.__all__) - {"__version__"}:
        assert name in text


def test_other_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="module 'sklearn_seqae' has no attribute 'LSTMAutoencode'") as caught:
        _ = sklearn_seqae.LSTMAutoencode  # type: ignore[attr-defined]
    assert caught.value.name == "LSTMAutoencode"
    assert caught.value.obj is sklearn_seqae
    assert not hasattr(sklearn_seqae, "nonsense")
    with pytest.raises(ImportError, match="cannot import name 'nonsense'"):
        exec("from sklearn_seqae import nonsense")


def test_every_room_is_installed() -> None:
    """A clone has them all by itself; a wheel has what the pattern of setuptools finds."""
    root = Path(sklearn_seqae.__file__).parents[1]
    patterns = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    rooms = [".".join(path.parent.relative_to(root).parts) for path in root.glob("sklearn_seqae/**/__init__.py")]
    assert len(rooms) > 1
    assert not [room for room in rooms if not any(fnmatchcase(room, pattern) for pattern in patterns)]
