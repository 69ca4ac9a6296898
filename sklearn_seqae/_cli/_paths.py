"""What is checked of files before anything is read or trained, and before torch is imported."""

import importlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sklearn_seqae._cli._messages import InputError, one_line
from sklearn_seqae._cli._options import DataOptions

__all__ = [
    "ARRAY_SUFFIXES",
    "CODES_SUFFIXES",
    "DATA_MODEL_SUFFIXES",
    "MODEL_SUFFIXES",
    "PLOT_SUFFIXES",
    "SCORES_SUFFIXES",
    "TABLE_SUFFIXES",
    "TEXT_SUFFIXES",
    "check_input",
    "check_model",
    "check_output",
    "require",
]

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
TABLE_SUFFIXES = (*TEXT_SUFFIXES, ".parquet")
ARRAY_SUFFIXES = (".npy", ".npz")
CODES_SUFFIXES = (".csv", ".npy", ".parquet")
SCORES_SUFFIXES = CODES_SUFFIXES
DATA_MODEL_SUFFIXES = (".safetensors",)  # that a stranger's file may have: reading it runs no code
MODEL_SUFFIXES = (*DATA_MODEL_SUFFIXES, ".joblib", ".pkl", ".skops")
PLOT_SUFFIXES = (".png", ".pdf", ".svg")

# What must be importable to read or write a file, and what installs it.
_PANDAS = (("pandas",), "pandas")
_PARQUET = (("pandas", "pyarrow"), "pandas pyarrow")
_NEEDED_TO_READ = {**dict.fromkeys(TEXT_SUFFIXES, _PANDAS), ".parquet": _PARQUET}
_NEEDED_TO_WRITE = {
    ".parquet": _PARQUET,
    ".skops": (("skops.io",), "skops"),
    **dict.fromkeys(PLOT_SUFFIXES, (("matplotlib",), "matplotlib")),
}


def require(modules: Sequence[str], what_for: str, requirement: str) -> None:
    """Check that optional packages can be imported; say how to get them otherwise."""
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            name = module.partition(".")[0]
            raise InputError(f"{what_for} needs {name}: pip install {requirement}") from error


def check_input(path: Path, options: DataOptions) -> None:
    """Refuse a file that is not there or cannot be read, and options that do not fit it.

    Parameters
    ----------
    path : Path
        The file of the data.
    options : DataOptions
        How to read it.
    """
    if not path.is_file():
        raise InputError(f"{path}: {'is a folder; DATA is one file' if path.is_dir() else 'no such file'}")
    suffix = path.suffix.lower()
    readable = (*TABLE_SUFFIXES, *ARRAY_SUFFIXES)
    if suffix not in readable:
        raise InputError(f"{path}: unknown suffix {suffix!r}; one of {', '.join(readable)} can be read")
    for option, given, suffixes in (
        ("--key", options.key is not None, (".npz",)),
        ("--header and --no-header", options.header is not None, TEXT_SUFFIXES),
        ("--decimal", options.decimal is not None, TEXT_SUFFIXES),
        ("--encoding", options.encoding is not None, TEXT_SUFFIXES),
        ("--drop", bool(options.drop), TABLE_SUFFIXES),
        ("--id", options.id is not None, TABLE_SUFFIXES),
        ("--time", bool(options.time), TABLE_SUFFIXES),
        ("--time-format", options.time_format is not None, TABLE_SUFFIXES),
        ("--missing", bool(options.missing), TABLE_SUFFIXES),
        ("--values", bool(options.values), TABLE_SUFFIXES),
        ("--sort", options.sort, TABLE_SUFFIXES),
        ("--in-order", options.in_order, TABLE_SUFFIXES),
    ):
        if given and suffix not in suffixes:
            raise InputError(f"{option} can be used with {', '.join(suffixes)} only, not with {path}")
    if options.channels is not None and options.by_step:
        raise InputError(
            "--channels is for a row per sequence; with --time, --in-order, --width or --series, a column is a channel"
        )
    if options.in_order and (bool(options.time) or options.sort):
        raise InputError(
            "--in-order says that rows are in the order of the file, --time and --sort that times order them"
        )
    if options.stride is not None and (options.width is None or options.series):
        raise InputError("--stride is the distance of windows that are cut: give their --width, without --series")
    if options.drop_empty and options.series:
        raise InputError("--drop-empty is about sequences; for --series, gaps may have any length")
    if suffix in _NEEDED_TO_READ:
        modules, requirement = _NEEDED_TO_READ[suffix]
        require(modules, f"Reading {suffix}", requirement)


def check_model(path: Path) -> None:
    """Refuse a model that is not there, or whose reading might run code."""
    if not path.is_file():
        raise InputError(f"--model {path}: no such file")
    if path.suffix.lower() not in DATA_MODEL_SUFFIXES:
        raise InputError(
            f"--model {path}: only {', '.join(DATA_MODEL_SUFFIXES)} files are read, which run no code; "
            "write one with --save, or with sklearn_seqae.save"
        )


def check_output(
    option: str, path: Path, suffixes: Sequence[str], *, data: Path | None = None, force: bool = False
) -> None:
    """Refuse an output that could not be written once the training is done, or would replace what is there.

    Parameters
    ----------
    option : str
        The option that names it, for the message.
    path : Path
        Where to write.
    suffixes : sequence of str
        What can be written.
    data : Path or None, default=None
        The file of the data, which must not be overwritten.
    force : bool, default=False
        Whether another file that exists already may be.
    """
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise InputError(f"{option} {path}: unknown suffix {suffix!r}; one of {', '.join(suffixes)} can be written")
    if not path.parent.is_dir():
        raise InputError(f"{option} {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise InputError(f"{option} {path}: is a folder")
    if path.exists():
        if data is not None and data.exists() and path.samefile(data):  # also by a link of either kind
            raise InputError(f"{option} {path}: would overwrite the data")
        if not force:
            raise InputError(f"{option} {path}: exists already; replace it with --force")
    _try_writing(option, path)
    if suffix in _NEEDED_TO_WRITE:
        modules, requirement = _NEEDED_TO_WRITE[suffix]
        require(modules, f"{option} {path}", requirement)


def _try_writing(option: str, path: Path) -> None:
    """Open the file, or one beside where it will be: permissions do not tell of every file that cannot be written."""
    try:
        if path.exists():
            os.close(os.open(path, os.O_WRONLY))
        else:
            tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise InputError(f"{option} {path}: cannot be written: {one_line(error.strerror or error)}") from error
