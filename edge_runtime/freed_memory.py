"""Pictures come and go thirty times a second; the C library gives each one's memory back to the kernel and asks anew.

Every page of it is then made, cleared and mapped again: of a picture of 640×480 that costs more than judging its
brightness, sharpness and movement together (0.8 ms against 0.05 ms on the x86 that the bench ran on). So the process
keeps what is freed, in one heap for all threads: a source that is opened again reads in a new thread, which would get a
heap of its own and leave the pictures' room in its predecessor's unused (4 MB more after a quarter of an hour of a
failing camera).
"""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
"""malloc.h of glibc."""

KEPT_BYTES = 64 << 20
"""Freed memory below so much stays with the process; what a station needs at its peak, it keeps."""

_LARGEST_KEPT_BYTES = 32 << 20
"""The most that glibc takes for M_MMAP_THRESHOLD; a larger block, a picture of 10 megapixels, is given back."""


def keep_freed_memory() -> bool:
    """Have the C library keep what is freed, for any thread; False where it is not glibc and goes on as it did.

    To be called before there are threads.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    settings = {_M_MMAP_THRESHOLD: _LARGEST_KEPT_BYTES, _M_TRIM_THRESHOLD: KEPT_BYTES, _M_ARENA_MAX: 1}
    return all(mallopt(what, value) for what, value in settings.items())
