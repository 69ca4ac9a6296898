"""The data set: what is gathered into a batch."""

import numpy as np
import pytest

from tests.datasets import dataset_of, padded, random_parts

# id: lengths, room for each sequence
LAYOUTS: dict[str, tuple[list[int], list[int] | None]] = {
    "equal": ([4] * 5, None),
    "unequal": ([3, 1, 4, 1, 5], None),
    "padded to equal": ([3, 3, 3], [5, 5, 5]),
    "padded to a multiple": ([3, 3, 3], [6, 6, 6]),
    "padded unequal": ([3, 1, 5], [5, 5, 5]),
    "single": ([3], None),
}


@pytest.mark.parametrize(("lengths", "sizes"), LAYOUTS.values(), ids=LAYOUTS)
def test_a_batch_is_what_naive_indexing_gives(lengths: list[int], sizes: list[int] | None) -> None:
    parts = random_parts(lengths)
    dataset = dataset_of(parts, sizes)
    assert len(dataset) == len(parts)
    n = len(parts)
    for indices in ([0], [n - 1, 0], list(range(n)), list(range(n))[::-1], [0, 0]):
        wanted = [parts[i] for i in indices]
        for batch in (
            dataset.batch(np.array(indices)),
            dataset.subset(np.array(indices)).batch(np.arange(len(wanted))),
        ):
            np.testing.assert_array_equal(batch["x"].numpy(), padded(wanted))
            lengths_differ = len({len(part) for part in wanted}) > 1
            assert ("lengths" in batch) == lengths_differ
            if lengths_differ:
                assert batch["lengths"].tolist() == [len(part) for part in wanted]
    for i, part in enumerate(parts):
        np.testing.assert_array_equal(dataset[i].numpy(), part)
