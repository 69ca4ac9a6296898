"""Tables: columns of numbers, and those with another part."""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.cli.files import refusal, sequences, written


def test_parquet(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"a": pd.array([1, None, 3], dtype="Int64"), "b": [True, False, True], "c": [0.5, np.nan, 1], "d": "text"}
    )
    table.to_parquet(tmp_path / "a.parquet")
    X = sequences(tmp_path / "a.parquet", drop=["d"])
    assert isinstance(X, pd.DataFrame)
    assert list(X.columns) == ["a", "b", "c"]
    np.testing.assert_array_equal(X, [[1, 1, 0.5], [np.nan, 0, np.nan], [3, 1, 1]])
    assert "column 'd' holds 'text'" in refusal(tmp_path / "a.parquet")
    assert "cannot be read" in refusal(written(tmp_path / "b.parquet", "no parquet"))
    table[["d"]].assign(d="1.5").to_parquet(tmp_path / "c.parquet")
    assert "column 'd' holds '1.5'" in refusal(tmp_path / "c.parquet")
    table[["d"]].assign(d=pd.Timestamp(0)).to_parquet(tmp_path / "d.parquet")
    assert "has no column left that could hold values" in refusal(tmp_path / "d.parquet")
