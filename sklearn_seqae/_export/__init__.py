"""A network as a graph of ONNX, operator by operator, for runtimes without torch."""
