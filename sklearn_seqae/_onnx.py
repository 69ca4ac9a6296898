"""`export_onnx`: a fitted autoencoder for runtimes without torch."""

import importlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._autoencoder import LSTMAutoencoder
from sklearn_seqae._export._graph import Graph
from sklearn_seqae._export._network import decode, encode, observed_lengths, read, unproject

__all__ = ["export_onnx", "register_onnx_converter"]

_PARTS = ("encoder", "decoder", "autoencoder")
_CONVERTER = "SklearnSeqaeLSTMAutoencoder"


def export_onnx(estimator: Any, path: str | os.PathLike[str], part: str = "encoder") -> None:
    """Write a fitted autoencoder as an ONNX model, which onnxruntime and others compute without torch or Python.

    Scaling, missing values and padding are part of it; numbers of sequences and of time steps are free.

    Parameters
    ----------
    estimator : LSTMAutoencoder
        A fitted one; of a detector, its `autoencoder_`.
    path : str or path-like
        Where to; what is there is replaced.
    part : {"encoder", "decoder", "autoencoder"}, default="encoder"
        What to write:

        - "encoder": from "X" and "lengths" to "codes";
        - "decoder": from "codes" and "lengths" to "X_drawn", as long as the longest of "lengths";
        - "autoencoder": from "X" and "lengths" to "X_drawn", of the shape of "X".

        "X" and "X_drawn" are float32 of shape (n_sequences, n_timesteps, n_channels), NaN in "X" where a value is
        missing; "lengths" is int64 of shape (n_sequences,), the time steps of each sequence; "codes" is float32 of
        shape (n_sequences, n_components). Behind a sequence's end, "X" may hold anything, and what "X_drawn" holds has
        no meaning.

    Raises
    ------
    ImportError
        If onnx is not installed: ``pip install "sklearn-seqae[onnx]"``.
    NotFittedError
        If the estimator is not fitted.
    TypeError, ValueError
        If the estimator is none, or there is no such part.

    See Also
    --------
    register_onnx_converter : For pipelines.

    Notes
    -----
    The graph is written operator by operator, with ONNX's own LSTM, so that it does not depend on what a version of
    torch traces. It is of opset 18.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from sklearn_seqae import LSTMAutoencoder, export_onnx
    >>> X = np.random.default_rng(0).normal(size=(50, 10)).cumsum(axis=1)
    >>> autoencoder = LSTMAutoencoder(latent_dim=2, max_epochs=5, random_state=0).fit(X)
    >>> export_onnx(autoencoder, os.path.join(tempfile.mkdtemp(), "encoder.onnx"))
    """
    if not isinstance(estimator, LSTMAutoencoder):
        hint = "; of a detector, pass its autoencoder_" if hasattr(estimator, "autoencoder_") else ""
        raise TypeError(f"export_onnx takes an LSTMAutoencoder, got {type(estimator).__name__}{hint}.")
    if part not in _PARTS:
        raise ValueError(f"part must be one of {', '.join(map(repr, _PARTS))}, got {part!r}.")
    check_is_fitted(estimator)
    _require("onnx")
    content = _model(estimator.module_, part).SerializeToString()
    Path(path).write_bytes(content)


def register_onnx_converter() -> None:
    """Teach skl2onnx to convert `LSTMAutoencoder`, alone or in a pipeline.

    `skl2onnx.to_onnx` then takes pipelines around it, such as ``make_pipeline(StandardScaler(), LSTMAutoencoder(),
    LogisticRegression())``, for tables (2-D X) without a single column of another type. NaN at the end of a row, in all
    channels, is padding, as in :meth:`LSTMAutoencoder.transform`.

    Raises
    ------
    ImportError
        If skl2onnx is not installed: ``pip install "sklearn-seqae[onnx]"``.

    See Also
    --------
    export_onnx : For an autoencoder alone, its decoder, and sequences of other kinds.
    """
    _require("skl2onnx")
    from skl2onnx import update_registered_converter

    update_registered_converter(LSTMAutoencoder, _CONVERTER, _set_output_type, _convert)


def _require(package: str) -> None:
    try:
        importlib.import_module(package)
    except ImportError as error:
        raise ImportError(
            f'{package} is needed to export to ONNX, but not installed: pip install "sklearn-seqae[onnx]"'
        ) from error


def _model(module: Any, part: str) -> Any:
    """One part as an ONNX model."""
    graph = Graph()
    n, x, k = "n_sequences", ("n_sequences", "n_timesteps", module.n_channels), module.code_size
    inputs: dict[str, Any] = {"X": (np.float32, x), "lengths": (np.int64, (n,))}
    outputs: dict[str, Any] = {"X_drawn": (np.float32, x)}
    if part == "encoder":
        outputs = {"codes": (np.float32, (n, k))}
        result = encode(graph, module, "X", "lengths")
    elif part == "decoder":
        inputs = {"codes": (np.float32, (n, k)), "lengths": (np.int64, (n,))}
        longest = graph.op("ReduceMax", "lengths", graph.whole(0), keepdims=1)
        result = decode(graph, module, unproject(graph, module, "codes"), longest, "lengths")
    else:
        result = decode(graph, module, read(graph, module, "X", "lengths"), graph.size("X", 1), "lengths")
    graph.rename(result, next(iter(outputs)))
    return graph.model(inputs, outputs, {"part": part})


def _table_model(module: Any, n_columns: int) -> Any:
    """The encoder of tables, whose rows say their lengths by the NaN at their end."""
    graph = Graph()
    x = graph.op("Reshape", "X", graph.whole(0, -1, module.n_channels))
    codes = encode(graph, module, x, observed_lengths(graph, x))
    graph.rename(codes, "codes")
    n = "n_sequences"
    return graph.model(
        {"X": (np.float32, (n, n_columns))}, {"codes": (np.float32, (n, module.code_size))}, {"part": "encoder"}
    )


def _set_output_type(operator: Any) -> None:
    """What skl2onnx asks for a shape: that of the codes."""
    from skl2onnx.common.data_types import FloatTensorType

    estimator = operator.raw_operator
    if estimator.container_ != "table":
        raise TypeError(
            "skl2onnx passes tables on, but this LSTMAutoencoder was fitted to other sequences: export_onnx."
        )
    operator.outputs[0].type = FloatTensorType([None, estimator.module_.code_size])


def _convert(scope: Any, operator: Any, container: Any) -> None:
    from skl2onnx.helpers import add_onnx_graph

    estimator = operator.raw_operator
    add_onnx_graph(scope, operator, container, _table_model(estimator.module_, estimator.n_features_in_))
