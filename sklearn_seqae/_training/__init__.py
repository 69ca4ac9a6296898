"""Training: the one room that knows skorch, with its callbacks, schedule, batches and their variation.

It takes data sets and plain settings and returns a trained network; estimators are not known here.
"""
