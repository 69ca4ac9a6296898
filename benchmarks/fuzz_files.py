"""Damaged and hostile files for `load` and `load_numpy`, which must load or refuse, and nothing else.

Files of each kind of estimator are changed at random, half of them byte by byte (flipped, cut off, inserted,
repeated), half of them value by value with a checksum that fits: numbers, strings and containers of the description are
exchanged, removed or made enormous, arrays get other shapes and types. Each must be refused by a ValueError that names
the file, or load. Anything else is printed with the seed that makes it again, and the status is then 1.

    python benchmarks/fuzz_files.py
    python benchmarks/fuzz_files.py --quick
"""

import copy
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _arguments import Arguments
from _isolation import peak_megabytes
from _report import environment, publish, table

from sklearn_seqae import (
    LSTMAutoencoder,
    LSTMFeatures,
    LSTMImputer,
    LSTMOutlierDetector,
    LSTMSeriesOutlierDetector,
    load,
    load_numpy,
    save,
)
from sklearn_seqae._storage._container import read, write
from sklearn_seqae._storage._values import Packed

NASTY: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    10**9,
    10**15,
    10**400,
    0.5,
    "",
    "x" * 1000,
    "cuda",
    [],
    [[]],
    {},
    {"array": []},
)
TYPES = ("<f4", "<f8", "<i8", "|b1", "|u1")


class Outcome(NamedTuple):
    """How a file was met."""

    reader: str
    kind: str
    verdict: str
    seconds: float


def originals(folder: Path) -> list[Path]:
    """Sound files."""
    rng = np.random.default_rng(0)
    X, series = rng.normal(size=(20, 6)), np.cumsum(rng.normal(size=(200, 2)), axis=0)
    autoencoder = LSTMAutoencoder(3, hidden_layer_sizes=(4,), max_epochs=2, random_state=0)
    judge = LSTMSeriesOutlierDetector(autoencoder, width=8, n_windows=20, random_state=0)
    estimators = [
        autoencoder.partial_fit(X),
        LSTMOutlierDetector(autoencoder, cv=2, scoring="mahalanobis", random_state=0).fit(X),
        LSTMOutlierDetector(autoencoder, cv=2, random_state=0).fit(X),
        judge.fit(series),
        LSTMFeatures(autoencoder, n_windows=16, random_state=0).fit(X),
        LSTMImputer(4, cv=2, max_epochs=2, random_state=0).fit(np.where(rng.random(X.shape) < 0.2, np.nan, X)),
    ]
    paths = [folder / f"original{i}" for i in range(len(estimators))]
    for estimator, path in zip(estimators, paths, strict=True):
        save(estimator, path)
    return paths


def change_bytes(content: bytes, rng: random.Random) -> bytes:
    """One to four changes of single bytes or stretches of them."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        position = rng.randrange(len(changed) + 1)
        match rng.choice(["flip", "cut", "insert", "repeat", "length"]):
            case "flip" if position < len(changed):
                changed[position] ^= 1 << rng.randrange(8)
            case "cut":
                del changed[position : position + rng.choice([1, 8, 10**9])]
            case "insert":
                changed[position:position] = rng.randbytes(rng.choice([1, 8, 64]))
            case "repeat":
                changed[position:position] = changed[position : position + rng.choice([1, 64, 4096])]
            case "length":
                changed[:8] = rng.choice([0, 1, 2**31, 2**63 - 1, len(changed)]).to_bytes(8, "little")
    return bytes(changed)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """All places in nested lists and mappings, as container and key."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield value, key
        yield from places(item)


def change_values(packed: Packed, rng: random.Random) -> Packed:
    """One to three changes of what the file says."""
    value, arrays = copy.deepcopy(packed.value), dict(packed.arrays)
    for _ in range(rng.randint(1, 3)):
        known = list(places(value))
        if not known:  # all of it has been removed
            break
        container, key = rng.choice(known)
        other, other_key = rng.choice(known)
        match rng.choice(["nasty", "exchange", "remove", "rename", "array", "array"]):
            case "nasty":
                container[key] = copy.deepcopy(rng.choice(NASTY))
            case "exchange":
                container[key] = copy.deepcopy(other[other_key])
            case "remove":
                del container[key]
            case "rename" if isinstance(container, dict):
                container[rng.choice(["__class__", "module_", "transform", "_longest", "x"])] = container.pop(key)
            case "array" if arrays:
                name = rng.choice(list(arrays))
                shape = tuple(rng.choice([0, 1, 2, 5]) for _ in range(rng.randint(0, 3)))
                arrays[name] = np.full(shape, rng.choice([0, 1, 100]), dtype=rng.choice(TYPES))
    return Packed(value, arrays)


def attempt(reader: Callable[[Path], Any], path: Path, kind: str) -> Outcome:
    """Load a file."""
    start = time.perf_counter()
    try:
        reader(path)
        verdict = "loaded"
    except ValueError as error:
        verdict = "refused" if str(error).startswith(f"{path} cannot be read: ") else "FAILED"
    except Exception:
        traceback.print_exc()
        verdict = "FAILED"
    return Outcome(f"`{reader.__name__}`", kind, verdict, time.perf_counter() - start)


def outcomes(n_files: int, seed: int, folder: Path) -> Iterator[Outcome]:
    """What becomes of each file, by each reader."""
    sound = originals(folder)
    contents, packed = [path.read_bytes() for path in sound], [read(path) for path in sound]
    path = folder / "changed"
    for i in range(n_files):
        rng = random.Random(f"{seed} {i}")
        which = rng.randrange(len(sound))
        if i % 2:
            path.write_bytes(change_bytes(contents[which], rng))
            kind = "bytes"
        else:
            value, about = packed[which]
            write(path, change_values(value, rng), about)
            kind = "values, with a checksum that fits"
        for reader in (load, load_numpy):
            outcome = attempt(reader, path, kind)
            if outcome.verdict == "FAILED":
                print(f"file {i} of seed {seed} was neither loaded nor refused by {outcome.reader}", file=sys.stderr)
            yield outcome


def section(found: list[Outcome], megabytes: float) -> str:
    """The table in Markdown, with what must be known to read it."""
    counts = Counter((one.reader, one.kind, one.verdict) for one in found)
    verdicts = ("refused", "loaded", "FAILED")
    rows = []
    for reader, kind in sorted({(one.reader, one.kind) for one in found}):
        slowest = max(one.seconds for one in found if (one.reader, one.kind) == (reader, kind))
        numbers = [f"{counts[reader, kind, verdict]:,}" for verdict in verdicts]
        rows.append([reader, kind, *numbers, f"{1000 * slowest:.0f}"])
    header = ["read by", "what was changed", "refused", "loaded", "neither", "slowest, ms"]
    note = (
        "Damaged and hostile files, each given to both readers. Those that load have changes that may stand, such as\n"
        "another number for a parameter; `load_numpy` reads autoencoders alone, a sixth of the files. The process\n"
        f"took {megabytes:.0f} MB more at its peak than before the first of them."
    )
    return "\n\n".join([note, table(header, rows), environment()])


def main() -> int:
    """Run the benchmark."""
    arguments = Arguments(__doc__, quick="300 files", write="the table")
    arguments.add_number("--files", 10_000, "files to try", quick=300)
    arguments.add_number("--seed", 0, "of the changes")
    given = arguments.read()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        originals(Path(folder))
        before = peak_megabytes()
        found = list(outcomes(given.files, given.seed, Path(folder)))
    publish("fuzz_files", section(found, peak_megabytes() - before), write=given.write)
    return int(any(one.verdict == "FAILED" for one in found))


if __name__ == "__main__":
    sys.exit(main())
