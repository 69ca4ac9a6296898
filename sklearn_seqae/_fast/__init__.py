"""Short cuts on private ground of torch and of the C library, each with the gain that earns its keep.

The room can be deleted: whoever uses it takes torch's documented way then, with the same results.
"""
