"""A device's configuration: desired against reported, what changed, every revision. Pure."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fleet_manager.configuration.standing import MEANINGS, Standing, standing
from fleet_manager.pages.overview import device_href
from fleet_manager.pages.wording import moment_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from edge_contracts.configuration import Reported
    from fleet_manager.configuration.revisions import KeptRevision
    from fleet_manager.pages.device_reading import DeviceFile

SHOWN: Final = 20
CAPABILITY: Final = "desired"
_PENDING: Final = (Standing.ON_ITS_WAY, Standing.PROVING)
_FAILED: Final = (Standing.REFUSED, Standing.ROLLED_BACK)
WAY_BACK: Final = (
    "Nothing need be done to stay with what runs: the station tries each revision once. "
    "To have its own file alone count, for good, remove [remote] from the station.toml on the board."
)
OWN_FILE_UNKNOWN: Final = "The manager does not know the board's own file: begin with a copy of it."
_TONES: Final = {"+": "good", "-": "defect", "@": "soft"}


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a difference; `tone` is how it is coloured."""

    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class RevisionLine:
    """One revision of the list; `is_running` is what the device said."""

    revision: int
    who: str
    time: datetime
    note: str
    is_running: bool
    is_latest: bool
    diff: tuple[DiffLine, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the form: a text to begin with, or what was refused, with every mistake.

    origin: where the text is from, in words; empty for what somebody wrote.
    """

    text: str
    note: str = ""
    problems: tuple[str, ...] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ConfigurationPage:
    """The page.

    takes: whether the station says that it takes configurations. latest: the number that a change follows.
    way_back: what to do about a revision that the station does not run; empty where none is needed.
    """

    href: str
    device_href: str
    name: str
    takes: bool
    public_key: str
    standing: str
    meaning: str
    way_back: str
    runs: str
    errors: tuple[str, ...]
    is_pending: bool
    latest: int
    written: Written
    lines: tuple[RevisionLine, ...]


def configuration_page(
    file: DeviceFile,
    revisions: Sequence[KeptRevision],
    said: Reported | None,
    public_key: str,
    written: Written | None = None,
) -> ConfigurationPage:
    """The page of a device.

    Args:
        file: what it said last.
        revisions: those that were wanted, newest first.
        said: what it reports.
        public_key: this manager's.
        written: what somebody wrote and was refused; None for nothing.
    """
    wanted = revisions[0] if revisions else None
    found = standing(wanted, said)
    return ConfigurationPage(
        f"{device_href(file.address)}/configuration",
        device_href(file.address),
        file.address.rpartition("/")[2],
        CAPABILITY in (file.birth.capabilities if file.birth else ()),
        public_key,
        found.value,
        MEANINGS[found],
        WAY_BACK if found in _FAILED else "",
        _runs(said),
        said.errors if said else (),
        found in _PENDING,
        wanted.revision if wanted else 0,
        written or _beginning(revisions, said, found),
        tuple(_line(one, _before(revisions, place), said, wanted) for place, one in enumerate(revisions[:SHOWN])),
    )


def _runs(said: Reported | None) -> str:
    if said is None:
        return "not told yet"
    return "its own file" if said.revision == 0 else f"revision {said.revision}"


def _beginning(revisions: Sequence[KeptRevision], said: Reported | None, found: Standing) -> Written:
    """The text to begin with: the latest, or where that failed the one that runs, if the manager knows it."""
    if not revisions:
        return Written("", origin=OWN_FILE_UNKNOWN)
    latest = revisions[0]
    if found not in _FAILED:
        return Written(latest.text, origin=f"Below is revision {latest.revision}, the latest.")
    runs = next((one for one in revisions if _is_running(one, said)), None)
    if runs is not None:
        return Written(runs.text, origin=f"Below is revision {runs.revision}, which runs.")
    failed = f"Below is revision {latest.revision}, which the station does not run: mend it, or begin anew. "
    return Written(latest.text, origin=failed + OWN_FILE_UNKNOWN)


def _is_running(one: KeptRevision, said: Reported | None) -> bool:
    return said is not None and (said.revision, said.hash) == (one.revision, one.hash)


def _before(revisions: Sequence[KeptRevision], place: int) -> KeptRevision | None:
    return revisions[place + 1] if place + 1 < len(revisions) else None


def _line(
    one: KeptRevision, before: KeptRevision | None, said: Reported | None, wanted: KeptRevision | None
) -> RevisionLine:
    diff = difference(before.text if before else "", one.text)
    return RevisionLine(
        one.revision, one.who, moment_of(one.made_ms), one.note, _is_running(one, said), one is wanted, diff
    )


def difference(before: str, after: str) -> tuple[DiffLine, ...]:
    """What changed between two texts, with two lines around each change."""
    found = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]
    return tuple(DiffLine(line, _TONES.get(line[:1], "")) for line in found)
