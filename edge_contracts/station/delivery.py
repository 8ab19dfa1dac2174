"""How alerts and their pictures wait on the board and reach the manager."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from edge_contracts.station.settings import PathText, Seconds, Settings


class Spool(Settings):
    """Where alerts wait until the manager has stored them."""

    max_bytes: Annotated[int, Field(ge=1 << 20)] = 256 << 20
    reserve_bytes: Annotated[int, Field(ge=1 << 16)] = 4 << 20
    commit_window_ms: Annotated[float, Field(ge=0, le=1000)] = 20.0


class Tls(Settings):
    """Mutual TLS files, PEM."""

    ca: PathText
    certificate: PathText | None = None
    key: PathText | None = None


class Uplink(Settings):
    """The broker, and whose acknowledgement frees an alert."""

    host: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 1883
    ack: Literal["manager", "broker"] = "manager"
    mqtt: Annotated[
        Literal["auto", "5", "3.1.1"], Field(description="auto offers 5 first and 3.1.1 where it is refused")
    ] = "auto"
    keepalive_s: Annotated[int, Field(ge=5, le=3600)] = 30
    state_period_s: Seconds = 30.0
    username: str | None = None
    password_file: PathText | None = None
    tls: Tls | None = None


class EvidenceSettings(Settings):
    """Pictures of parts that were not good, kept on the board within a quota."""

    enabled: bool = True
    max_bytes: Annotated[int, Field(ge=1 << 20)] = 512 << 20
    jpeg_quality: Annotated[int, Field(ge=10, le=100)] = 85
