"""A fault that is done to a running daemon: how it begins and ends, and what it may cost."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from tests.system.faults.rig import Rig


class Harm(Enum):
    """What a fault may do to verdicts while it lasts. A good verdict on a defect is never allowed, nor a late one."""

    BLINDS = "nothing that was captured during the fault may be called good"
    COSTS = "parts may be unknown during the fault, others are judged as always"
    NONE = "every part is judged as always"


class Fault:
    """One row of the table; a subclass per fault.

    name: in the table and in the test's id.
    harm: what is allowed.
    lasts_s: from the beginning to the end.
    seizes_s: how long after its beginning a good verdict may still be right: what was on its way shows what was there.
    connections: so many may be made again only after the first look at what the daemon holds.
    unread: nobody reads the lines meanwhile.
    point, more: what the station's file says in its `points` table and behind it.
    """

    name: ClassVar[str]
    harm: ClassVar[Harm] = Harm.BLINDS
    lasts_s: ClassVar[float] = 2.0
    seizes_s: ClassVar[float] = 0.15
    point: ClassVar[str] = ""
    more: ClassVar[str] = ""
    connections: ClassVar[int] = 0
    unread: ClassVar[bool] = False

    def missing(self) -> str | None:
        """What this machine lacks for it, None where it has all."""
        return None

    def shown(self, part: str) -> str | None:
        """`good` or `defect` where a part's name says what it is; the camera's are known by their time."""

    def prepare(self, rig: Rig) -> None:
        """Before the daemon starts."""

    def begin(self, rig: Rig) -> None:
        """Let it happen."""
        raise NotImplementedError

    def end(self, rig: Rig) -> None:
        """Let it be over; a fault that is over by itself does nothing here."""

    def look(self, rig: Rig) -> str | None:
        """After the recovery: what else is not as it should be, None when all is well."""

    def clear(self, rig: Rig) -> None:
        """After the daemon has ended, whatever happened."""
