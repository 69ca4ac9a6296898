"""How torch computes: on which device, and with how many threads.

Nothing here knows sequences, networks or estimators.
"""
