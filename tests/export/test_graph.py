"""Graphs that grow call by call."""

import numpy as np
import pytest

from sklearn_seqae._export._graph import Graph
from tests.export.runtime import run


def test_a_graph_by_hand() -> None:
    graph = Graph()
    total = graph.op("ReduceSum", graph.op("Mul", "x", graph.constant(2.0)), graph.whole(1), keepdims=0)
    graph.rename(total, "y")
    model = graph.model({"x": (np.float32, ("n", 3))}, {"y": (np.float32, ("n",))}, {"part": "all"})
    assert run(model.SerializeToString(), x=np.array([[1, 2, 3], [0, 0, 1]], np.float32)).tolist() == [12, 2]
    assert [(note.key, note.value) for note in model.metadata_props] == [("part", "all")]


@pytest.mark.parametrize(("axis", "shape"), [(0, (5, 3, 2)), (1, (2, 6, 2)), (2, (2, 3, 5))])
def test_padding(axis: int, shape: tuple[int, ...]) -> None:
    graph = Graph()
    graph.rename(graph.padded("x", graph.whole(3), n_axes=3, axis=axis), "y")
    model = graph.model({"x": (np.float32, (2, 3, 2))}, {"y": (np.float32, shape)}, {})
    padded = run(model.SerializeToString(), x=np.ones((2, 3, 2), np.float32))
    assert padded.shape == shape
    assert padded.sum() == 12
    assert (padded.take(range(shape[axis] - 3), axis=axis) == 1).all()
