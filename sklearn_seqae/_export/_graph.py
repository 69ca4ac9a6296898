"""A graph of ONNX operators that grows call by call."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["Graph"]

# Which versions of the operators are meant; each runtime of the last years knows them.
_OPSET = 18


class Graph:
    """Operators and constants, by names that it gives out.

    Examples
    --------
    >>> from sklearn_seqae._export._graph import Graph
    >>> graph = Graph()
    >>> graph.op("Add", "x", graph.constant(1.0))
    'Add_1'
    """

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def op(self, kind: str, *inputs: str, n_outputs: int = 1, **attributes: Any) -> Any:
        """Add an operator: the name of its output, or a list of them. An input that is left out is an empty string."""
        from onnx import helper

        number = len(self._nodes) + len(self._constants)
        outputs = [f"{kind}_{number}"] if n_outputs == 1 else [f"{kind}_{number}_{i}" for i in range(n_outputs)]
        self._nodes.append(helper.make_node(kind, inputs, outputs, name=f"{kind}_{number}", **attributes))
        return outputs[0] if n_outputs == 1 else outputs

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """Add a constant: its name."""
        from onnx import numpy_helper

        name = f"constant_{len(self._nodes) + len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value, dtype=dtype), name))
        return name

    def whole(self, *values: int) -> str:
        """Add a constant vector of whole numbers: its name."""
        return self.constant(values, np.int64)

    def size(self, x: str, axis: int) -> str:
        """The size of an axis, as a vector of one."""
        return self.op("Shape", x, start=axis, end=axis + 1)

    def shape(self, *sizes: str) -> str:
        """A shape of sizes, each a vector of one."""
        return self.op("Concat", *sizes, axis=0)

    def padded(self, x: str, n_steps: str, n_axes: int, axis: int) -> str:
        """Zeros behind the end of an axis, as many as `n_steps`, a vector of one, says."""
        before = [0] * (n_axes + axis)
        after = [0] * (n_axes - axis - 1)
        parts = [self.whole(*before), n_steps, self.whole(*after)] if after else [self.whole(*before), n_steps]
        return self.op("Pad", x, self.op("Concat", *parts, axis=0))

    def rename(self, output: str, name: str) -> None:
        """Give an output a name for others to know it by."""
        from onnx import helper

        self._nodes.append(helper.make_node("Identity", [output], [name], name=f"name_{name}"))

    def model(
        self,
        inputs: Mapping[str, tuple[Any, Sequence[Any]]],
        outputs: Mapping[str, tuple[Any, Sequence[Any]]],
        notes: Mapping[str, str],
    ) -> Any:
        """All of it as a model.

        Parameters
        ----------
        inputs, outputs : mapping of str to (dtype, sequence of int or str)
            Type and shape of each; a string stands for a size that is free.
        notes : mapping of str to str
            What to write beside.
        """
        import onnx
        from onnx import helper

        def described(of: Mapping[str, Any]) -> list[Any]:
            return [
                helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)
                for name, (dtype, shape) in of.items()
            ]

        graph = helper.make_graph(self._nodes, "sequence_autoencoder", described(inputs), described(outputs))
        graph.initializer.extend(self._constants)
        opsets = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, producer_name="sklearn_seqae", opset_imports=opsets)
        model.ir_version = helper.find_min_ir_version_for(opsets)
        helper.set_model_props(model, dict(notes))
        onnx.checker.check_model(model, full_check=True)
        return model
