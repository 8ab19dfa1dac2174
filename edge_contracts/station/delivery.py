"""How alerts and their pictures wait on the board and reach the manager."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from edge_contracts.station.address import HostName, PossiblePort
from edge_contracts.station.settings import PathText, Seconds, Settings


class Spool(Settings):
    """Where alerts wait until the manager has stored them."""

    max_bytes: Annotated[int, Field(ge=1 << 20)] = 256 << 20
    reserve_bytes: Annotated[int, Field(ge=1 << 16)] = 4 << 20
    commit_window_ms: Annotated[
        float, Field(ge=0, le=1000, description="an alert waits so long for others to share its write of the disk")
    ] = 20.0
    commit_window_busy_ms: Annotated[
        float, Field(ge=0, le=2000, description="the same where many come; below the other it changes nothing")
    ] = 750.0


class Tls(Settings):
    """Mutual TLS files, PEM."""

    ca: PathText
    certificate: PathText | None = None
    key: PathText | None = None


class Uplink(Settings):
    """The broker, and whose acknowledgement frees an alert."""

    host: HostName
    port: Annotated[int, Field(ge=1, le=65_535)] = 1883
    ack: Literal["manager", "broker"] = "manager"
    mqtt: Annotated[
        Literal["auto", "5", "3.1.1"], Field(description="auto offers 5 first and 3.1.1 where it is refused")
    ] = "auto"
    keepalive_s: Annotated[int, Field(ge=5, le=3600)] = 30
    state_period_s: Seconds = 30.0
    backlog_alerts_per_s: Annotated[
        float, Field(ge=1, le=100_000, description="what waited during an outage goes at this pace, behind what is new")
    ] = 100.0
    username: str | None = None
    password_file: PathText | None = None
    tls: Tls | None = None


class EvidenceSettings(Settings):
    """Pictures kept on the board within a quota; defects have what the other shares leave of it."""

    enabled: bool = True
    max_bytes: Annotated[int, Field(ge=1 << 20)] = 512 << 20
    jpeg_quality: Annotated[int, Field(ge=10, le=100)] = 85
    unknown_share: Annotated[float, Field(ge=0, le=1, description="of the quota, where it is tight")] = 0.25
    good_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    clip_share: Annotated[float, Field(ge=0, le=1)] = 0.15
    good_every: Annotated[int, Field(ge=0, description="each n-th good part of a point is kept, too; 0 = none")] = 0
    clip_before: Annotated[int, Field(ge=0, le=60, description="judged pictures before a defect; 0 = none")] = 0
    clip_after: Annotated[int, Field(ge=0, le=60, description="and after it")] = 0
    clip_side_px: Annotated[int, Field(ge=80, le=640)] = 320

    @model_validator(mode="after")
    def _defects_have_a_share(self) -> EvidenceSettings:
        if (others := self.unknown_share + self.good_share + self.clip_share) >= 1:
            raise ValueError(f"wanted unknown_share, good_share and clip_share below 1 together, found {others:g}")
        return self


class Upload(Settings):
    """Where evidence goes over HTTPS, and how much of it."""

    url: Annotated[
        str,
        StringConstraints(pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*)?$", max_length=1024),
        PossiblePort,
        Field(description="of the manager; http sends in plain text"),
    ]
    kinds: Annotated[
        tuple[Literal["defect", "unknown", "good", "clip"], ...],
        Field(min_length=1, description="what is brought; alerts name the first two"),
    ] = ("defect", "unknown")
    bytes_per_s: Annotated[int, Field(ge=1000)] = 250_000
    bytes_per_day: Annotated[int, Field(ge=0, description="in 24 hours; 0 = no limit")] = 2_000_000_000
    token_file: Annotated[PathText | None, Field(description="says who the board is where no certificate does")] = None
    tls: Annotated[Tls | None, Field(description="the system's authorities are believed when left out")] = None

    @model_validator(mode="after")
    def _plain_text_has_no_certificates(self) -> Upload:
        if self.tls is not None and not self.url.startswith("https:"):
            raise ValueError(f"wanted https:// beside the tls table, found {self.url}")
        return self
