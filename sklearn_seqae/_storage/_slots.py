"""Places in a folder for unfinished work: held while the work lives, and found again when it was killed."""

import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from sklearn_seqae._storage._container import read, write
from sklearn_seqae._storage._values import Packed

__all__ = ["Slot", "claim"]

# Characters of a name that are enough to tell work from other work.
_NAME_LENGTH = 32


class Slot:
    """A file of unfinished work, which one holder reads and writes at a time.

    Parameters
    ----------
    path : Path
        The file; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[Packed, dict[str, Any]] | None:
        """What was written, and what stands beside it; None where nothing was."""
        try:
            return read(self.path)
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise ValueError(self.unreadable(str(error))) from error

    def unreadable(self, why: str) -> str:
        """What an error says of a file that cannot be gone on from."""
        return f"The checkpoint {self.path} cannot be read: {why}. Delete it, and the fit begins anew."

    def write(self, packed: Packed, about: Mapping[str, Any], *, durable: bool) -> None:
        """Write it in one step; `durable` as of `_container.write`."""
        try:
            write(self.path, packed, about, durable=durable)
        except OSError as error:
            raise OSError(
                error.errno,
                f"The checkpoint {self.path} could not be written ({error.strerror}). Make room for it in that folder, "
                "and fit again: what was written before is still there, and the fit goes on from it.",
            ) from error

    def remove(self) -> None:
        """Remove it, when the work is done."""
        self.path.unlink(missing_ok=True)


@contextmanager
def claim(folder: str | os.PathLike[str], name: str) -> Iterator[Slot]:
    """Hold a place for work of this name: one that died, or else a new one.

    There may be several at a time, since equal work may be done twice at once; nobody gets one whose holder lives. A
    lock of the operating system tells, which it lifts when the holder dies, however that happens.

    Parameters
    ----------
    folder : str or path-like
        Made if there is none.
    name : str
        Tells it from other work; the file's name begins with the beginning of it.

    Raises
    ------
    OSError
        If the folder cannot be made or written to.
    """
    folder, name = Path(folder), name[:_NAME_LENGTH]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path, lock = _free(folder, name)
    except (OSError, NotImplementedError) as error:  # the latter where a file system knows no locks
        raise OSError(
            getattr(error, "errno", None) or 0,
            f"checkpoint_dir={str(folder)!r} cannot be made, or files in it not be written and locked "
            f"({getattr(error, 'strerror', None) or error}). Name a folder where they can, or leave it None.",
        ) from error
    try:
        for stale in folder.glob(f".{path.name}.*"):  # of a holder that was killed while it wrote
            stale.unlink(missing_ok=True)
        yield Slot(path)
    finally:
        with suppress(OSError):  # where an open file cannot be removed, it stays
            os.unlink(lock.lock_file)
        lock.release()


def _free(folder: Path, name: str) -> tuple[Path, FileLock]:
    """The first path that nobody holds, those with a file before others, and the lock on it."""
    there = sorted(folder.glob(f"{name}-*.safetensors"))
    new = (folder / f"{name}-{i}.safetensors" for i in itertools.count())
    for path in itertools.chain(there, new):
        lock = FileLock(path.with_suffix(".lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        return path, lock
    raise AssertionError("there are endlessly many")
