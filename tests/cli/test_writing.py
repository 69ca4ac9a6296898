"""Codes and models come back as they were."""

import pathlib
import pickle
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest

import sklearn_seqae
from sklearn_seqae._cli._messages import InputError
from sklearn_seqae._cli._paths import CODES_SUFFIXES, MODEL_SUFFIXES, check_output
from sklearn_seqae._cli._writing import write_model, write_table
from tests.tiny import tiny


def test_codes_come_back(tmp_path: Path) -> None:
    codes = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    paths = [tmp_path / f"codes{suffix}" for suffix in (".csv", ".NPY", ".parquet")]
    for path in paths:
        write_table(path, codes, ["code0", "code1"])
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    np.testing.assert_array_equal(np.load(paths[1]), codes)
    for table in (pd.read_csv(paths[0], dtype=np.float32), pd.read_parquet(paths[2])):
        assert list(table.columns) == ["code0", "code1"]
        np.testing.assert_array_equal(table, codes)


def test_codes_come_with_what_names_them(tmp_path: Path) -> None:
    codes = np.array([[0.5], [1.5]], dtype=np.float32)
    labels: dict[str, list[Any]] = {"id": ["a, b", "größe"], "start": [0, 5]}
    for name in ("codes.csv", "codes.parquet", "codes.npy"):
        write_table(tmp_path / name, codes, ["code0"], labels)
    for table in (pd.read_csv(tmp_path / "codes.csv"), pd.read_parquet(tmp_path / "codes.parquet")):
        assert list(table.columns) == ["id", "start", "code0"]
        assert table["id"].to_list() == labels["id"]
        assert table["start"].to_list() == labels["start"]
        np.testing.assert_array_equal(table[["code0"]], codes)
    np.testing.assert_array_equal(np.load(tmp_path / "codes.npy"), codes)


def test_names_of_several_types_are_texts_in_parquet(tmp_path: Path) -> None:
    write_table(tmp_path / "a.parquet", np.zeros((2, 1), dtype=np.float32), ["code0"], {"id": ["a", 1]})
    assert pd.read_parquet(tmp_path / "a.parquet")["id"].to_list() == ["a", "1"]


def test_codes_in_csv_do_without_pandas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    check_output("--codes", tmp_path / "a.csv", CODES_SUFFIXES)
    write_table(tmp_path / "a.csv", np.zeros((1, 1), dtype=np.float32), ["code0"])
    assert (tmp_path / "a.csv").read_text() == "code0\n0\n"


@pytest.mark.filterwarnings("ignore:The autoencoder has collapsed")
@pytest.mark.parametrize("suffix", MODEL_SUFFIXES)
def test_models_come_back(tmp_path: Path, suffix: str) -> None:
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(6, 4)), columns=list("abcd"))
    model = tiny(batch_size=4).fit(X)
    reader = write_model(tmp_path / f"model{suffix}", model)
    import skops.io

    modules = (joblib, pathlib, pickle, skops, sklearn_seqae)
    again = eval(reader, {module.__name__: module for module in modules})
    np.testing.assert_array_equal(again.transform(X), model.transform(X))


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", fail)
    with pytest.raises(InputError, match=r"a\.npy: cannot be written: No space left on device"):
        write_table(tmp_path / "a.npy", np.zeros((1, 1), dtype=np.float32), ["code0"])
