"""The network: recurrent layers, encoder, decoder, autoencoder, loss, initial values, and its state as NumPy arrays.

torch alone: neither scikit-learn nor skorch nor the user's containers are met here.
"""
