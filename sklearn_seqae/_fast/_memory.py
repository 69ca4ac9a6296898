"""Memory that the C library keeps rather than gives back to the kernel."""

import platform
from functools import cache

import numpy as np

__all__ = ["keep_freed_memory"]

_KEPT_BYTES = 31 * 2**20


@cache
def keep_freed_memory() -> None:
    """Let glibc keep blocks of up to 31 MiB that are freed, from now on.

    A training step frees its workspaces and takes them again in the next one. glibc gives large blocks back at once,
    and the kernel must clear every page anew; a block of this size that is freed teaches glibc to keep blocks as
    large (the dynamic threshold of `mallopt(3)`, which goes up to 32 MiB). Steps over 100 and 500 time steps, which met
    6,000 pages anew each, take 0.7 and 0.64 of their time so, one of the default network 0.71 to 0.94 (processor time;
    torch 2.13 on an AMD EPYC with AVX-512, in a virtual machine). The process may hold up to 62 MiB of free
    memory for it, and other code computes as before. One lesson is enough for a process; to other C libraries none is
    given.
    """
    if platform.libc_ver()[0] == "glibc":
        np.empty(_KEPT_BYTES, dtype=np.uint8)  # not torch's, which fills it where it is to be deterministic
