"""Values that many routes share: addresses, moments, cursors, and texts that every database takes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from edge_contracts.identifiers import Slug
from edge_contracts.message import SEQ_MAX
from edge_contracts.plain_numbers import PlainNumbers
from edge_contracts.wire_time import wire_time

_SLUG: Final = "[a-z0-9-]{1,32}"
_NO_CONTROL: Final = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
LONGEST_PAGE: Final = 500

Site = Annotated[str, StringConstraints(pattern=f"^{_SLUG}/{_SLUG}$")]
"""`org/site`."""
Address = Annotated[str, StringConstraints(pattern=f"^{_SLUG}/{_SLUG}/{_SLUG}$")]
"""`org/site/device`."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=_NO_CONTROL)]
"""A part, a label."""
Text = Annotated[str, StringConstraints(max_length=4000, pattern=_NO_CONTROL)]
"""What a person writes."""
SiteQuery = Annotated[Site | None, Query(description="One site, `org/site`; without it, all that you may see.")]
AddressQuery = Annotated[Address | None, Query(description="One device, `org/site/device`.")]
Since = Annotated[AwareDatetime | None, Query(description="Stored from here on, by the manager's clock.")]
Until = Annotated[AwareDatetime | None, Query(description="Stored before, by the manager's clock.")]
Before = Annotated[int | None, Query(ge=1, le=SEQ_MAX, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=LONGEST_PAGE, description="At most so many.")]
RowNumber = Annotated[int, Path(ge=1, le=SEQ_MAX)]
SlugPath = Annotated[Slug, Path()]


class Document(BaseModel):
    """What a route answers with."""

    model_config = ConfigDict(frozen=True)


class Wish(PlainNumbers):
    """What a caller sends; an unknown field is an error, because it would be a wish that nobody fulfils."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def moment(unix_ms: int) -> datetime:
    """A time of the database, for the wire; what no calendar holds is told as the nearest that one does."""
    return wire_time(unix_ms)


def milliseconds(at: datetime) -> int:
    """A time of the wire, for the database."""
    return int(at.timestamp() * 1000)


def maybe_milliseconds(at: datetime | None) -> int | None:
    """The same of a time that may not be given."""
    return None if at is None else milliseconds(at)


def site_tuple(sites: frozenset[str]) -> tuple[str, ...] | None:
    """Sites as the desk takes them: None for every one."""
    return None if "*" in sites else tuple(sorted(sites))
