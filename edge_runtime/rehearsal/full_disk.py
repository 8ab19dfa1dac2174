"""A disk that takes nothing: while it lasts no file of this process can grow (RLIMIT_FSIZE, setrlimit(2)).

Python ignores the signal, so each write to a file fails with "File too large", which the daemon meets as it meets a
full disk. Pipes and terminals are no files. The scratch folder is on a real disk, and nothing is filled.
"""

from __future__ import annotations

import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def full_disk() -> Iterator[None]:
    """No file grows inside of this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
