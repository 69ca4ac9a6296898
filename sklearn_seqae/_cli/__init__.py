"""The command line, `python -m sklearn_seqae`. Nothing imports it but `__main__`.

A run goes through `_arguments`, `_paths` (what can be refused before torch is imported), `_reading` (tables and
arrays), `_roles` (what the columns of a table are), `_arranging` (sequences from them), `_job` (training), `_report`
(scores) and `_outputs` (files). Where rows of a long series are judged, it goes through `_detection`,
`_detection_report` and `_detection_outputs` instead. What is wrong is an `InputError`, which `_main` shows as one line.
"""
