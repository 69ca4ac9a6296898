"""The options that several scripts have, described in one place."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["SPLITS", "Arguments"]

SPLITS = ("validation", "test")


class Arguments:
    """The command line of a script, whose defaults may be others with ``--quick``.

    Parameters
    ----------
    description : str or None
        What the script does: its docstring.
    quick : str
        What ``--quick`` does; a script without one leaves it out.
    write : str
        What ``--write`` puts into the report; a script without one leaves it out.
    """

    def __init__(self, description: str | None, *, quick: str = "", write: str = "") -> None:
        self._parser = argparse.ArgumentParser(
            description=description, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        self._quick: dict[str, Any] = {}
        self._parser.set_defaults(quick=False, write=False)
        if quick:
            self.add("--quick", action="store_true", help=quick)
        if write:
            self.add("--write", action="store_true", help=f"put {write} into the report")

    def add(self, option: str, *, quick: Any = None, **properties: Any) -> None:
        """Add an option of this script alone, as `argparse` does; `quick` is its default with ``--quick``."""
        action = self._parser.add_argument(option, **properties)
        if quick is not None:
            self._quick[action.dest] = quick

    def add_number(self, option: str, default: int, what: str, *, quick: int | None = None) -> None:
        """Add an option that is a number."""
        said = f"{default}" if quick is None else f"{default}, with --quick {quick}"
        help_text = f"{what} (default: {said})"
        self.add(option, quick=quick, type=int, default=default, metavar="N", help=help_text)

    def add_choice(self, option: str, choices: Sequence[str], *, quick: Sequence[str] | None = None) -> None:
        """Add an option that is some of these, all by default."""
        said = "all" if quick is None else f"all, with --quick {', '.join(quick)}"
        help_text = f"of {', '.join(choices)} (default: {said})"
        name = option.removeprefix("--").removesuffix("s").upper()
        self.add(option, quick=quick, nargs="+", choices=choices, default=choices, metavar=name, help=help_text)

    def add_seeds(self, default: int, *, quick: int | None = 1) -> None:
        """Add ``--seeds``."""
        self.add_number("--seeds", default, "number of seeds", quick=quick)

    def add_rounds(self, default: int, *, quick: int) -> None:
        """Add ``--rounds``."""
        self.add_number("--rounds", default, "how often each is measured", quick=quick)

    def add_jobs(self, default: int = 2) -> None:
        """Add ``--jobs``."""
        self.add_number("--jobs", default, "fits at once")

    def add_latent_dim(self) -> None:
        """Add ``--latent-dim``."""
        self.add_number("--latent-dim", 8, "width of the code")

    def add_latent_dims(self, default: Sequence[int], *, quick: Sequence[int]) -> None:
        """Add ``--latent-dims``."""
        said, quick_said = (" ".join(map(str, widths)) for widths in (default, quick))
        help_text = f"widths of the code (default: {said}, with --quick {quick_said})"
        self.add("--latent-dims", quick=quick, nargs="+", type=int, default=default, metavar="K", help=help_text)

    def add_old(self) -> None:
        """Add ``--old``."""
        self.add_path("--old", "a checkout of an earlier commit, whose package is measured beside")

    def add_split(self, default: str) -> None:
        """Add ``--split``; with ``--quick``, it is always the validation split."""
        said = default if default == SPLITS[0] else f"{default}, with --quick {SPLITS[0]}"
        help_text = f"what is judged on: {' or '.join(SPLITS)} (default: {said})"
        self.add("--split", quick=SPLITS[0], choices=SPLITS, default=default, metavar="SPLIT", help=help_text)

    def add_keras(self, backend: str, name: str) -> None:
        """Add ``--keras-backend``."""
        self.add(f"--keras-{backend}", metavar="PYTHON", help=f"an interpreter with Keras and {name}")

    def add_path(self, option: str, what: str, *, default: Path | None = None, metavar: str = "FOLDER") -> None:
        """Add an option that is a file or a folder."""
        self.add(option, type=Path, metavar=metavar, default=default, help=what)

    def read(self, arguments: Sequence[str] | None = None) -> argparse.Namespace:
        """Read a command line; None stands for that of the process."""
        if self._parser.parse_args(arguments).quick:
            self._parser.set_defaults(**self._quick)
        return self._parser.parse_args(arguments)
