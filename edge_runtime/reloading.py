"""A reload on its way: the file is read and the models are loaded beside the line, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.station import StationConfig
    from edge_runtime.supervisor import Change

_GIVE_UP_S = 2.0
_log = logging.getLogger(__name__)


class Reloading:
    """One reload.

    Args:
        prepare: reads the file and prepares its plan; may take as long as a model takes to load.
    """

    def __init__(self, prepare: Callable[[], tuple[StationConfig, Change]]) -> None:
        self._prepare = prepare
        self._outcome: Future[tuple[StationConfig, Change]] = Future()
        self._thread = threading.Thread(target=self._run, name="reload", daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether `result` answers at once."""
        return self._outcome.done()

    def result(self) -> tuple[StationConfig, Change]:
        """The configuration and its prepared plan, or the error of reading or preparing it."""
        return self._outcome.result(0)

    def give_up(self) -> None:
        """The daemon stops: let go of what was prepared; what still loads ends with its process."""
        self._thread.join(_GIVE_UP_S)
        if self._thread.is_alive():
            _log.warning("a reload was on its way and is left behind")
        elif self._outcome.exception() is None:
            self.result()[1].discard()

    def _run(self) -> None:
        try:
            self._outcome.set_result(self._prepare())
        except Exception as error:  # noqa: BLE001 - the watching thread tells it
            self._outcome.set_exception(error)
