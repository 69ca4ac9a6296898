"""How torch computes: on which device, with how many threads, beside which processes, and by which short cuts.

Nothing here knows sequences, networks or estimators.
"""
