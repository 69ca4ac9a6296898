"""What a trained network says of many sequences: codes, reconstructions, errors, and whether it has collapsed.

Nothing is learned here, and estimators are not known.
"""
