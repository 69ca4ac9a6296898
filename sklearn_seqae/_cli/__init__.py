"""The command line: arguments, files, tables and pictures for `python -m sklearn_seqae`.

Nothing imports it but `__main__`.
"""
