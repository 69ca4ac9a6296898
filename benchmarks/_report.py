"""Markdown tables, and the sections of the report that holds them."""

import os
import platform
import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["FOLDER", "environment", "publish", "table", "write_section"]

FOLDER = Path(__file__).parent
_PACKAGES = ("sklearn-seqae", "torch", "scikit-learn", "skorch", "numpy", "aeon")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table, its first column left-aligned, the others right-aligned."""
    lines = [header, ["---", *("---:" for _ in header[1:])], *rows]
    return "\n".join(f"| {' | '.join(map(str, cells))} |" for cells in lines)


def environment(extra_versions: Sequence[str] = (), note: str = "") -> str:
    """The command that is running, its versions and its machine, in a sentence.

    Parameters
    ----------
    extra_versions : sequence of str
        Such as "keras 3.15.1", where part of the work is done by another interpreter.
    note : str
        What else must be known to repeat it, such as the number of threads.
    """
    versions = [f"{name} {found}" for name in _PACKAGES if (found := _version(name))]
    command = shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]])
    return (
        f"Made by `{command}` with Python {platform.python_version()}, {', '.join([*versions, *extra_versions])}, on "
        f"{os.cpu_count()} {platform.machine()} CPU cores{f', {note}' if note else ''}."
    )


def publish(name: str, body: str, *, write: bool) -> None:
    """Print a section, and put it into the report where that is wished for."""
    print(body)
    if write:
        write_section(name, body)


def write_section(name: str, body: str, path: Path = FOLDER / "README.md") -> None:
    """Put a section into the report, in place of the last one of that name.

    The report holds the pair of lines ``<!-- name -->`` and ``<!-- /name -->``, between which the section goes.
    """
    pattern = re.compile(f"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL)
    text, n_found = pattern.subn(lambda match: f"{match[1]}\n{body.strip()}\n\n{match[2]}", path.read_text())
    if n_found != 1:
        raise ValueError(f"{path} must hold the lines <!-- {name} --> and <!-- /{name} --> once, but has {n_found}.")
    path.write_text(text)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
