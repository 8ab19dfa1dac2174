"""Where in the enterprise a device stands, for the mirror."""

from __future__ import annotations

from string import Formatter
from typing import Annotated, Final

from pydantic import Field, StringConstraints, field_validator, model_validator

from edge_contracts.identifiers import Slug
from edge_contracts.station.settings import Settings
from fleet_manager.adapters.broker_settings import BrokerSettings
from fleet_manager.adapters.topic_words import TopicLevel, TopicName

LEVELS: Final = ("enterprise", "site", "area", "line", "cell")
UNASSIGNED: Final = "unassigned"
_ROOT: Final = "lepton"


class PlaceSettings(Settings):
    """Names of the levels above a device, or above one of its inspection points."""

    device: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}(/[a-z0-9-]{1,32}){2}$")] = Field(
        description="org/site/device, as in its topics"
    )
    point: Annotated[Slug | None, Field(description="this inspection point alone; the whole device when left out")] = (
        None
    )
    enterprise: Annotated[TopicLevel | None, Field(description="the organisation when left out")] = None
    site: Annotated[TopicLevel | None, Field(description="the site when left out")] = None
    area: TopicLevel = UNASSIGNED
    line: TopicLevel = UNASSIGNED
    cell: Annotated[TopicLevel | None, Field(description="the device when left out")] = None


class UnifiedNamespaceSettings(Settings):
    """The mirror; a device without a place stands under `unassigned`, so that none is missing."""

    pattern: Annotated[
        str, Field(description="levels above inspection/{device}; {enterprise}, {site}, {area}, {line}, {cell}")
    ] = "{enterprise}/{site}/{area}/{line}/{cell}"
    status_topic: TopicName = "lepton-mirror/status"
    places: tuple[PlaceSettings, ...] = ()
    broker: Annotated[
        BrokerSettings | None, Field(description="the namespace's broker; the devices' own when left out")
    ] = None

    @field_validator("pattern")
    @classmethod
    def _is_a_topic(cls, pattern: str) -> str:
        levels = pattern.split("/")
        if any(not level or set(level) & set("+#\0") for level in levels) or pattern.startswith("$"):
            raise ValueError(f"wanted levels without wildcards between single '/', found {pattern!r}")
        if levels[0] == _ROOT:
            raise ValueError(f"wanted a mirror outside of {_ROOT}/, where the devices speak, found {pattern!r}")
        _check_fields(pattern)
        return pattern

    @model_validator(mode="after")
    def _each_place_once(self) -> UnifiedNamespaceSettings:
        keys = [(place.device, place.point) for place in self.places]
        twice = sorted({f"{device} {point or ''}".strip() for device, point in keys if keys.count((device, point)) > 1})
        if twice:
            raise ValueError(f"wanted one place per device and point, found two for {', '.join(twice)}")
        return self


def _check_fields(pattern: str) -> None:
    try:
        parsed = list(Formatter().parse(pattern))
    except ValueError as err:
        raise ValueError(f"wanted placeholders in braces, found {pattern!r}: {err}") from err
    fields = [field for _, field, _, _ in parsed if field is not None]
    if unknown := sorted(set(fields) - set(LEVELS)):
        raise ValueError(f"wanted placeholders of {', '.join(LEVELS)}, found {', '.join(map(repr, unknown))}")
    if any(spec or conversion for _, _, spec, conversion in parsed):
        raise ValueError(f"wanted plain placeholders without a format, found {pattern!r}")
    if "site" not in fields:
        raise ValueError(f"wanted {{site}} among the levels, or two sites' devices fall together; found {pattern!r}")
