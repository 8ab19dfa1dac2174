"""One process of the ingest as it was heard last: whether messages reach it, and what it stores reaches the medium."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import subprocess

    from fleet_manager.ingest.worker import Task

_SILENT: Final = "connected, but what the manager says to itself does not come back"
_LINE_SHOWN: Final = 200
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Worker:
    """One process.

    link_trouble, store_trouble: why no message reaches it, why nothing that does is stored; empty when all is well.
    stored, refused, duplicates: since the manager started.
    restarts: how often it died and was started anew. was_ready: whether this process ever was.
    told: reasons of this outage that are in the log.
    """

    name: str
    task: Task
    link_trouble: str = "not connected yet"
    store_trouble: str = ""
    stored: int = 0
    refused: int = 0
    duplicates: int = 0
    restarts: int = 0
    was_ready: bool = False
    told: set[str] = field(default_factory=set, repr=False)
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    @property
    def trouble(self) -> str:
        """Why it is not ready, in words; empty when it is."""
        return "; ".join(filter(None, (self.link_trouble, self.store_trouble)))

    @property
    def is_ready(self) -> bool:
        """Whether messages reach it and are stored."""
        return not self.trouble

    def hear(self, line: str) -> None:
        """Take in a line that the process said; one that is none of its words is told of and passed."""
        try:
            said = json.loads(line)
            event, text = said["event"], said.get("text", "")
        except (ValueError, LookupError, TypeError, AttributeError):
            _log.warning("%s: said %r, which is no word of an ingest", self.name, line[:_LINE_SHOWN])
            return
        if event == "stored":
            self._stored(said)
        elif event == "store-failed":
            self._store_failed(text)
        else:
            self._heard_of_link(event, text)

    def ended(self, code: int) -> None:
        """The process is no more."""
        self.link_trouble, self.store_trouble = f"its process ended with {code}", ""
        self.restarts += 1

    def _stored(self, said: dict[str, Any]) -> None:
        self.store_trouble = ""
        self.stored += said["alerts"]
        self.refused += said["refused"]
        self.duplicates += said["duplicates"]

    def _store_failed(self, text: str) -> None:
        trouble = f"the store takes nothing: {text}"
        if self.store_trouble != trouble:
            _log.error("%s: %s", self.name, trouble)
        self.store_trouble = trouble

    def _heard_of_link(self, event: str, text: str) -> None:
        if event == "connected":  # a batch that the store refused ended with the connection; the broker has it still
            self.link_trouble, self.store_trouble = f"{text}: {_SILENT}", ""
        elif event == "silent":
            self._lost(_SILENT)
        elif event == "disconnected":
            self._lost(text)
        elif event == "ready":
            if self.link_trouble:
                _log.info("%s is ready", self.name)
            self.link_trouble, self.was_ready = "", True
            self.told.clear()

    def _lost(self, why: str) -> None:
        """Each reason is said once per outage: one that goes on has two or three that take turns."""
        _log.log(logging.DEBUG if why in self.told else logging.WARNING, "%s: %s", self.name, why)
        self.told.add(why)
        self.link_trouble = why
