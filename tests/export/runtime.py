"""Running models as others do, without torch."""

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

__all__ = ["run"]


def run(model: bytes, **inputs: Any) -> NDArray[np.float32]:
    """The one output of a model, for those of the inputs that it has."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options)
    known = {described.name: inputs[described.name] for described in session.get_inputs()}
    (output,) = session.run(None, known)
    result: NDArray[np.float32] = output
    return result
