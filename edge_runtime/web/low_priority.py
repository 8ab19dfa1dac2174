"""A thread that gives way: on Linux each thread has a niceness of its own."""

from __future__ import annotations

import logging
import os
import threading
from typing import Final

NICENESS: Final = 10
_log = logging.getLogger(__name__)


def give_way() -> bool:
    """Lower the calling thread's priority; False, and a line in the log, where that is not allowed."""
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
    except OSError as error:
        _log.info("%s keeps its priority (%s)", threading.current_thread().name, error.strerror)
        return False
    return True
