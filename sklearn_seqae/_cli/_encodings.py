"""What a file is likely written in, if it is not UTF-8."""

import codecs
from pathlib import Path

__all__ = ["advise_encoding"]

_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# How files begin that are often given the name of a text file.
_OTHERS = {
    b"PK": "a zip archive, such as an Excel workbook",
    b"\x1f\x8b": "compressed by gzip",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "Parquet, whose suffix is .parquet",
    b"\x93NUMPY": "NumPy's, whose suffix is .npy",
}
_N_LOOKED_AT = 2**16
# Control characters that texts have.
_OF_TEXTS = {*b"\t\n\r\f\x1a"}


def advise_encoding(path: Path) -> str:
    """What to do about a file that cannot be decoded, or holds a NUL character."""
    with path.open("rb") as file:
        content = file.read(_N_LOOKED_AT)
    for mark, what in _OTHERS.items():
        if content.startswith(mark):
            return f"it is {what}; save the table as .csv"
    likely = _likely(content)
    if likely is None:
        return "it is no text file at all; save the table as .csv"
    return f"name its encoding, most likely --encoding {likely}"


def _is_utf_8(content: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(content)  # which may end in the middle of a character
    except UnicodeError:
        return False
    return 0 not in content


def _likely(content: bytes) -> str | None:
    if content[:2] in _MARKS:
        return _MARKS[content[:2]]
    if _is_utf_8(content):
        return "utf-8"
    zeros = [content[start::2].count(0) / max(1, len(content) // 2) for start in (0, 1)]
    if max(zeros) > 0.5 and min(zeros) < 0.1:
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    if any(byte < 32 and byte not in _OF_TEXTS for byte in content):
        return None
    # In Latin-1 these are control characters, which nobody writes.
    if any(0x80 <= byte < 0xA0 for byte in content):
        return "cp1252" if not {*b"\x81\x8d\x8f\x90\x9d"} & {*content} else None
    return "latin-1"
