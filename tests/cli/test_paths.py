"""What is refused before anything is read or trained."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sklearn_seqae._cli._messages import InputError
from sklearn_seqae._cli._paths import CODES_SUFFIXES, check_output
from tests.cli.files import TABLE, refusal, sequences, written


def test_refused_paths_and_options(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.csv").endswith("no such file")
    (tmp_path / "folder.csv").mkdir()
    assert refusal(tmp_path / "folder.csv").endswith("is a folder; DATA is one file")
    written(tmp_path / "a.xlsx", "")
    assert "unknown suffix '.xlsx'; one of .csv," in refusal(tmp_path / "a.xlsx")
    for name in ("a.csv", "a.npy", "a.parquet"):
        written(tmp_path / name, "")
    assert "--key can be used with .npz only" in refusal(tmp_path / "a.csv", key="X")
    assert "--drop can be used with .csv" in refusal(tmp_path / "a.npy", drop=["0"])
    for option in ("id", "time"):
        assert f"--{option} can be used with .csv, .tsv, .txt, .parquet" in refusal(tmp_path / "a.npy", **{option: "0"})
    assert "--header and --no-header can be used with .csv" in refusal(tmp_path / "a.parquet", header=True)
    assert "--decimal can be used with .csv" in refusal(tmp_path / "a.parquet", decimal=",")
    assert "--encoding can be used with .csv" in refusal(tmp_path / "a.npy", encoding="latin-1")
    assert "--channels is for a row per sequence" in refusal(tmp_path / "a.csv", channels=2, time="t")
    assert "--stride is the distance of windows" in refusal(tmp_path / "a.csv", stride=2)


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*args: Any, **kwargs: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    np.save(tmp_path / "a.npy", TABLE)
    monkeypatch.setattr(np, "load", deny)
    assert refusal(tmp_path / "a.npy").endswith("cannot be read: Permission denied")


@pytest.mark.parametrize(("name", "absent"), [("a.csv", "pandas"), ("a.parquet", "pandas"), ("a.parquet", "pyarrow")])
def test_packages_for_reading_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, absent: str
) -> None:
    written(tmp_path / name, "1,2\n")
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(
        InputError, match=rf"needs {absent}: pip install pandas{' pyarrow' * name.endswith('.parquet')}$"
    ):
        sequences(tmp_path / name)


def test_outputs_are_checked(tmp_path: Path) -> None:
    def message(path: Path) -> str:
        with pytest.raises(InputError, match=r"^--codes") as caught:
            check_output("--codes", path, CODES_SUFFIXES)
        return str(caught.value)

    for suffix in CODES_SUFFIXES:
        check_output("--codes", tmp_path / f"a{suffix}", CODES_SUFFIXES)
        assert not list(tmp_path.iterdir())
    assert "unknown suffix '.txt'; one of .csv, .npy, .parquet can be written" in message(tmp_path / "a.txt")
    assert "there is no folder" in message(tmp_path / "none" / "a.csv")
    (tmp_path / "folder.csv").mkdir()
    assert message(tmp_path / "folder.csv").endswith("is a folder")


@pytest.mark.parametrize("link", [Path.hardlink_to, Path.symlink_to])
def test_the_data_is_not_overwritten(tmp_path: Path, link: Any) -> None:
    data = written(tmp_path / "data.csv", "1,2\n")
    link(tmp_path / "link.csv", data)
    (tmp_path / "folder").mkdir()
    for path in (data, tmp_path / "link.csv", tmp_path / "folder" / ".." / "data.csv"):
        for force in (False, True):
            with pytest.raises(InputError, match="would overwrite the data"):
                check_output("--codes", path, CODES_SUFFIXES, data=data, force=force)


def test_other_files_are_overwritten_only_if_asked_to(tmp_path: Path) -> None:
    data, codes = written(tmp_path / "data.csv", "1,2\n"), written(tmp_path / "codes.csv", "precious")
    with pytest.raises(InputError, match=r"codes\.csv: exists already; replace it with --force"):
        check_output("--codes", codes, CODES_SUFFIXES, data=data)
    check_output("--codes", codes, CODES_SUFFIXES, data=data, force=True)
    assert codes.read_text() == "precious"


@pytest.mark.parametrize("exists", [True, False])
def test_what_cannot_be_opened_for_writing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    """Whatever permissions say: file systems may be read-only or full."""

    def deny(*args: Any, **kwargs: Any) -> Any:
        raise OSError(30, "Read-only file system")

    if exists:
        written(tmp_path / "a.csv", "")
    monkeypatch.setattr("os.open", deny)
    with pytest.raises(InputError, match=r"--codes .*a.csv: cannot be written: Read-only file system"):
        check_output("--codes", tmp_path / "a.csv", CODES_SUFFIXES, force=True)


@pytest.mark.parametrize(
    ("suffix", "absent", "requirement"),
    [
        (".parquet", "pyarrow", "pandas pyarrow"),
        (".skops", "skops", "skops"),
        (".pdf", "matplotlib", "matplotlib"),
    ],
)
def test_packages_for_writing_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, absent: str, requirement: str
) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == absent]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(InputError) as caught:
        check_output("--out", tmp_path / f"a{suffix}", [suffix])
    assert str(caught.value) == f"--out {tmp_path}/a{suffix} needs {absent}: pip install {requirement}"
