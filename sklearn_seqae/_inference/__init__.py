"""What a trained network says of many sequences: codes, reconstructions, errors, and whether it has collapsed.

No network is trained here, and estimators are not known. Cross-fitting is handed what fits a network.
"""
