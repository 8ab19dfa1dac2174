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
    """What stands in the form: the latest text, or what was refused, with every mistake."""

    text: str
    note: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConfigurationPage:
    """The page.

    takes: whether the station says that it takes configurations. latest: the number that a change follows.
    """

    href: str
    device_href: str
    name: str
    takes: bool
    public_key: str
    standing: str
    meaning: str
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
        written: what somebody wrote and was refused; None for the latest text.
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
        _runs(said),
        said.errors if said else (),
        found in _PENDING,
        wanted.revision if wanted else 0,
        written or Written(wanted.text if wanted else ""),
        tuple(_line(one, _before(revisions, place), said, wanted) for place, one in enumerate(revisions[:SHOWN])),
    )


def _runs(said: Reported | None) -> str:
    if said is None:
        return "not told yet"
    return "its own file" if said.revision == 0 else f"revision {said.revision}"


def _before(revisions: Sequence[KeptRevision], place: int) -> KeptRevision | None:
    return revisions[place + 1] if place + 1 < len(revisions) else None


def _line(
    one: KeptRevision, before: KeptRevision | None, said: Reported | None, wanted: KeptRevision | None
) -> RevisionLine:
    is_running = said is not None and (said.revision, said.hash) == (one.revision, one.hash)
    diff = difference(before.text if before else "", one.text)
    return RevisionLine(one.revision, one.who, moment_of(one.made_ms), one.note, is_running, one is wanted, diff)


def difference(before: str, after: str) -> tuple[DiffLine, ...]:
    """What changed between two texts, with two lines around each change."""
    found = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]
    return tuple(DiffLine(line, _TONES.get(line[:1], "")) for line in found)
