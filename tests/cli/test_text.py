"""Text files: every layout read, every fault named in one line."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cli.files import TABLE, refusal, sequences, written


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "1.5,-2,3e-3,4\n5,,7,8\n0,1,2,\n"),
        ("crlf.csv", "1.5,-2,3e-3,4\r\n5,NA,7,8\r\n0,1,2,nan"),
        ("short.csv", "1.5,-2,3e-3,4\n5,,7,8\n0,1,2\n"),
        ("blank.csv", "\n\n1.5,-2,3e-3,4\n\n5,,7,8\n0,1,2,\n\n"),
        ("quoted.csv", '"1.5","-2","3e-3","4"\n"5","","7","8"\n"0","1","2",""\n'),
        ("comment.csv", "#\n1.5,-2,3e-3,4\n5,,7,8\n0,1,2,\n"),
        ("a.tsv", "1.5\t-2\t3e-3\t4\n5\t\t7\t8\n0\t1\t2\t\n"),
        ("semicolons.csv", "1.5;-2;3e-3;4\n5;;7;8\n0;1;2;\n"),
        ("decimal_commas.csv", "1,5;-2;0,003;4\n5,0;;7;8\n0;1;2;\n"),
        ("a.txt", " 1.5 -2 3e-3  4\n5 nan 7 8\n0 1 2\n"),
        ("comments.csv", "# one\n# two, with more\n1.5,-2,3e-3,4\n5,,7,8\n0,1,2,\n"),
        ("quoted_commas.csv", '"1,5","-2","0,003",4\n5,"",7,"8,0"\n0,1,2,\n'),
        ("late_commas.csv", "0;1;2;\n5;;7;8\n1,5;-2;0,003;4\n"),
        ("commas.tsv", "1,5\t-2\t3e-3\t4\n5\t\t7\t8\n0\t1\t2\t\n"),
        ("bom.CSV", "\ufeff1.5,-2,3e-3,4\n5,,7,8\n0,1,2,\n"),
    ],
)
def test_text_without_header(tmp_path: Path, name: str, text: str) -> None:
    X = sequences(written(tmp_path / name, text))
    assert isinstance(X, np.ndarray)
    np.testing.assert_allclose(X[::-1] if name.startswith("late") else X, TABLE)


def test_decimal_commas_below_a_header(tmp_path: Path) -> None:
    X = sequences(written(tmp_path / "a.csv", "a;b;c\n1;2;3\n1,5;2,5;3\n"))
    np.testing.assert_array_equal(X, [[1, 2, 3], [1.5, 2.5, 3]])
    X = sequences(written(tmp_path / "b.csv", "day;a;b\n01.02.2020;1,5;2\n02.02.2020;2;3\n"), drop=["day"])
    np.testing.assert_array_equal(X, [[1.5, 2], [2, 3]])  # a date is no number with a decimal point


def test_decimal_mark_can_be_said(tmp_path: Path) -> None:
    thousands = written(tmp_path / "a.csv", "1,500;2\n3;4\n")
    np.testing.assert_array_equal(sequences(thousands), [[1.5, 2], [3, 4]])
    assert "holds '1,500' in line 1, which is not a number" in refusal(thousands, decimal=".")


def test_a_single_column_is_not_cut_at_its_digits(tmp_path: Path) -> None:
    X = sequences(written(tmp_path / "a.csv", "1.25\n2.25\n3.25\n"), width=2, stride=1)
    np.testing.assert_array_equal(X[:, :, 0], [[1.25, 2.25], [2.25, 3.25]])


def test_separators_that_end_each_line_are_no_columns(tmp_path: Path) -> None:
    X = sequences(written(tmp_path / "a.csv", "a;b;;\n1;2;;\n3;4;;\n"))
    assert list(X.columns) == ["a", "b"]


def test_longer_rows_below_shorter_ones(tmp_path: Path) -> None:
    X = sequences(written(tmp_path / "ragged.csv", "1\n1,2,3\n1,2\n"))
    np.testing.assert_array_equal(np.asarray(X), [[1, np.nan, np.nan], [1, 2, 3], [1, 2, np.nan]])


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("a,b,c,d", ["a", "b", "c", "d"]),
        ("# a,b,c,d", ["a", "b", "c", "d"]),
        ("# made on a Monday\n# a,b,c,d", ["a", "b", "c", "d"]),
        ("# made, measured, written, sent\na,b,c,d", ["a", "b", "c", "d"]),
        ('a,"b, c",d,1', ["a", "b, c", "d", "1"]),
        ("a,b", ["a", "b", "2", "3"]),
        ("0,1,2,3", ["0", "1", "2", "3"]),
        ("5,6,7,t", ["5", "6", "7", "t"]),
    ],
)
def test_header_is_found(tmp_path: Path, header: str, names: list[str]) -> None:
    X = sequences(written(tmp_path / "a.csv", f"{header}\n1.5,-2,3e-3,4\n5,,7,8\n0,1,2,\n"))
    assert isinstance(X, pd.DataFrame)
    assert list(X.columns) == names
    np.testing.assert_allclose(X, TABLE)


@pytest.mark.parametrize("first", ["0,1,2,4", "1,2,3,4", "0,1,,3", "nan,0,0,0"])
def test_a_first_row_of_numbers_is_no_header(tmp_path: Path, first: str) -> None:
    assert np.shape(sequences(written(tmp_path / "a.csv", f"{first}\n5,6,7,8\n"))) == (2, 4)


def test_header_can_be_said(tmp_path: Path) -> None:
    years = written(tmp_path / "years.csv", "1990,1991,1992\n1,2,3\n")
    assert np.shape(sequences(years)) == (2, 3)
    assert np.shape(sequences(years, header=True)) == (1, 3)
    counts = written(tmp_path / "counts.csv", "0,1,2\n1,2,3\n")
    assert np.shape(sequences(counts, header=False)) == (2, 3)


@pytest.mark.parametrize("columns", [None, list("abcd")])
def test_what_pandas_writes_by_default(tmp_path: Path, columns: list[str] | None) -> None:
    table = pd.DataFrame(TABLE, columns=columns)
    table.to_csv(tmp_path / "a.csv")  # with row labels, which are no time step
    np.testing.assert_allclose(np.asarray(sequences(tmp_path / "a.csv")), TABLE)


def test_columns_are_dropped(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "id,a,b,2\nx,1,2,3\ny,4,5,6\n")
    assert list(pd.DataFrame(sequences(path, drop=["id"])).columns) == ["a", "b", "2"]
    assert list(pd.DataFrame(sequences(path, drop=["0", "-3"])).columns) == ["b", "2"]
    assert list(pd.DataFrame(sequences(path, drop=["2", "id"])).columns) == ["a", "b"]  # a name comes first
    assert "--drop 4: there is no such column among the 4" in refusal(path, drop=["4"])
    assert "--drop nope" in refusal(path, drop=["nope"])
    labelled = written(tmp_path / "labelled.txt", "1 0.1 0.2\n2 0.3 0.4\n")
    np.testing.assert_array_equal(np.asarray(sequences(labelled, drop=["0"])), [[0.1, 0.2], [0.3, 0.4]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("a,b\n", "no data below its header"),
        ("a,b\n1,2\n3,four\n", "column 'b' holds 'four' in line 3"),
        ("when,b\n2020-01-01,2\n2020-01-02,3\n", "is one long series of 2 steps, a row per time step, times in 'when'"),
        ("# a\n# b\n", "holds nothing but comments"),
        ("# made here\n\na,b\n\n1,2\n\n3,four\n", "holds 'four' in line 7"),
        ("1,2\n3,\x00\n", "holds a NUL character"),
    ],
)
def test_refused_text(tmp_path: Path, text: str, message: str) -> None:
    assert message in refusal(written(tmp_path / "a.csv", text))


@pytest.mark.parametrize(
    ("encoding", "likely"),
    [
        ("latin-1", "latin-1"),
        ("cp1252", "cp1252"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_other_encodings_are_named_and_read(tmp_path: Path, encoding: str, likely: str) -> None:
    price = "€" if encoding == "cp1252" else "b"
    path = written(tmp_path / "a.csv", f"größe,{price}\n1,2\n3,4\n", encoding)
    assert refusal(path).endswith(f"; name its encoding, most likely --encoding {likely}")
    X = sequences(path, encoding=encoding)
    assert list(X.columns) == ["größe", price]
    np.testing.assert_array_equal(X, [[1, 2], [3, 4]])


def test_a_nul_byte_tells_an_encoding(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "a,b\n1,2\n3,4\n", "utf-16-le")  # which is UTF-8, too
    assert refusal(path).endswith("holds a NUL character; name its encoding, most likely --encoding utf-16-le")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (bytes(range(256)), "it is no text file at all"),
        (b"PK\x03\x04\xff\xff", "it is a zip archive, such as an Excel workbook"),
        (b"PAR1\xff\xff", "it is Parquet, whose suffix is .parquet"),
    ],
)
def test_files_that_are_no_texts_are_named(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert refusal(tmp_path / "a.csv").endswith(f"{what}; save the table as .csv")


def test_refused_encodings(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "größe,b\n1,2\n")
    assert "--encoding nonsense: unknown encoding" in refusal(path, encoding="nonsense")
    assert "is not text in ascii; name its encoding, most likely --encoding utf-8" in refusal(path, encoding="ascii")
    assert "is not text in utf-16" in refusal(path, encoding="utf-16")


def test_a_few_bytes_do_not_fill_the_memory(tmp_path: Path) -> None:
    """Short rows beside a long one make a table of many more numbers than the file has."""
    path = written(tmp_path / "a.csv", ",".join(["1"] * 1000) + "\n1" * 1000)
    message = refusal(path, memory=0.001)
    assert "its numbers would fill 0.00746 GiB, more than the limit of 0.001" in message
    assert message.endswith("allow it with --memory 0.02")
    assert sequences(path, memory=0.02).shape == (1001, 1000)
