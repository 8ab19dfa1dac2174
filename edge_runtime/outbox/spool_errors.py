"""What the spool says no with; each is the project's error and Python's kind."""

from __future__ import annotations

from edge_contracts.errors import LeptonError


class SpoolRefused(LeptonError, OSError):
    """An alert could not be made durable (disk full, unwritable, slow); it is counted and enters the loss ledger."""


class SpoolShed(SpoolRefused):
    """It found the spool full and was the least worthy: it is in the loss ledger already."""


class SpoolBusy(SpoolRefused):
    """A commit hangs, and the file cannot be asked; nothing was changed, ask again later."""


class SpoolInUse(LeptonError, OSError):
    """Another process holds the spool; two would give one place to two alerts."""


class SpoolBeingRead(SpoolInUse):
    """Another process reads the spool, as a backup or a database shell does; it is to be opened again later."""


class SpoolDamaged(LeptonError, OSError):
    """The spool's file is not readable as what it was; it is set aside and a new epoch begins."""
