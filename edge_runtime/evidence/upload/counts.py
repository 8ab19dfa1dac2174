"""What happened to evidence on its way to the manager."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class UploadCounts:
    """What happened to evidence on its way since the start of the daemon.

    taken: files that the manager has. resumed: transfers that went on where an earlier one broke off.
    failed: attempts that ended without. refused: files that the manager never takes. gone: removed before their turn.
    bytes: sent, whatever came of them.
    """

    taken: int = 0
    resumed: int = 0
    failed: int = 0
    refused: int = 0
    gone: int = 0
    bytes: int = 0
