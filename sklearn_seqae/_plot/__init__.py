"""The displays, one a file, and what they share.

matplotlib is imported inside functions only; nothing else in the package needs it.
"""
