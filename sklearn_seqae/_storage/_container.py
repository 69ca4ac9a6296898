"""The file: arrays as safetensors has them, and JSON beside, under one checksum."""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse
from safetensors.numpy import save as serialize

from sklearn_seqae._storage._values import Packed

__all__ = ["read", "write"]

# Where the JSON stands among a safetensors file's own notes, and its checksum.
_DOCUMENT, _CHECKSUM = "sklearn_seqae", "sha256"
_LENGTH_BYTES = 8  # of the header, which the file begins with


def write(path: Path, packed: Packed, about: Mapping[str, Any], *, durable: bool = True) -> None:
    """Write a file in one step: a reader finds the old one or the new one, never half of either.

    Parameters
    ----------
    path : Path
        Where to; what is there is replaced.
    packed : Packed
        The value.
    about : mapping
        What stands beside it, such as the number of the format.
    durable : bool, default=True
        Whether to wait until it is on the disk, so that it is whole after a power cut too. Without, it is whole
        whenever the process may end.
    """
    document = json.dumps({**about, "value": packed.value}, allow_nan=False, ensure_ascii=True)
    checksum = _checksum(document, packed.arrays)
    content = serialize(packed.arrays, metadata={_DOCUMENT: document, _CHECKSUM: checksum})
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def read(path: Path) -> tuple[Packed, dict[str, Any]]:
    """Read a file, and what stands beside the value in it.

    Raises
    ------
    ValueError
        If it is damaged, or none of ours.
    """
    content = path.read_bytes()
    try:
        arrays = parse(content)
    except (SafetensorError, KeyError, TypeError, ValueError, MemoryError, OverflowError) as error:
        raise ValueError(f"it is no safetensors file ({error})") from error
    notes = _notes(content)
    if _DOCUMENT not in notes:
        raise ValueError("it is a safetensors file, but none of this package's")
    document = notes[_DOCUMENT]
    if notes.get(_CHECKSUM) != _checksum(document, arrays):
        raise ValueError("its checksum does not fit its content")
    try:
        about = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its description is no JSON ({error})") from error
    if not isinstance(about, dict) or "value" not in about:
        raise ValueError("its description lacks the value")
    return Packed(about.pop("value"), arrays), about


def _notes(content: bytes) -> dict[str, str]:
    """The notes in the header, which safetensors has checked, but gives out only of a file that it opens itself."""
    length = int.from_bytes(content[:_LENGTH_BYTES], "little")
    try:
        notes = json.loads(content[_LENGTH_BYTES : _LENGTH_BYTES + length]).get("__metadata__")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its header is no JSON ({error})") from error
    return notes or {}


def _checksum(document: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Of the JSON, and of the arrays with their names, types and shapes."""
    digest = hashlib.sha256(document.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)  # whatever its type
    return digest.hexdigest()
