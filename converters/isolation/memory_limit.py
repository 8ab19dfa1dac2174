"""How much address space a child gets, by the size of what it is given, and how it takes no more."""

from __future__ import annotations

import resource

BASE_BYTES = 6 << 30
"""Address space of a child with a small file. Libraries and allocators reserve some 1.5 GB of it and use little; the
rest is for constants that a file of kilobytes may declare: VGG-19 as 513 MB of ConstantOfShape needs 4.1 GB."""

BYTES_PER_MODEL_BYTE = 16
"""And for each byte of the model. Lowering a model of 574 MB takes 5 GB, which is 9 bytes each."""


def limit_bytes(given_bytes: int) -> int:
    """The limit of a child that is handed so many bytes."""
    return BASE_BYTES + BYTES_PER_MODEL_BYTE * given_bytes


def limit_memory(most_bytes: int) -> None:
    """Let this process have at most so much address space from now on; a lower limit that it has already stays."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    bounds = [most_bytes, *(value for value in (soft, hard) if value != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(bounds), hard))
