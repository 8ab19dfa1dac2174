"""The station's configuration file, `station.toml`: what a person writes, an unknown key being an error.

Relative paths are relative to the configuration file.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from edge_contracts.identifiers import Slug

Fraction = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Milliseconds = Annotated[float, Field(gt=0, le=600_000)]
PathText = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class Settings(BaseModel):
    """A table of the file; frozen, and strict about keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Station(Settings):
    """Who the device is."""

    org: Slug
    site: Slug
    device: Slug
    state_folder: PathText = "state"
    hang_restart_s: Annotated[Seconds, Field(description="restart the daemon after a backend hung this long")] = 10.0


class FolderSource(Settings):
    """A folder of pictures, in the order of their names; each picture is one part unless a trigger says otherwise."""

    kind: Literal["folder"]
    path: PathText
    repeat: Annotated[bool, Field(description="begin again after the last picture")] = False


class VideoSource(Settings):
    """A video file."""

    kind: Literal["video"]
    path: PathText
    pace: Annotated[
        Literal["recorded", "fast"], Field(description="at the speed of recording, or as fast as the parts are judged")
    ] = "recorded"
    repeat: bool = False


class RtspSource(Settings):
    """A network camera; the stream is reopened for as long as the daemon runs."""

    kind: Literal["rtsp"]
    url: Annotated[str, StringConstraints(pattern=r"^rtsps?://\S+$", max_length=2048)]
    open_timeout_s: Seconds = 5.0
    read_timeout_s: Seconds = 2.0


Source = Annotated[FolderSource | VideoSource | RtspSource, Field(discriminator="kind")]


class Region(Settings):
    """A rectangle of the picture, as fractions of its width and height."""

    x: Fraction = 0.0
    y: Fraction = 0.0
    width: Annotated[float, Field(gt=0, le=1)] = 1.0
    height: Annotated[float, Field(gt=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _inside(self) -> Region:
        if self.x + self.width > 1 + 1e-9 or self.y + self.height > 1 + 1e-9:
            raise ValueError("the region reaches beyond the picture: x + width and y + height must be at most 1")
        return self


class FrameTrigger(Settings):
    """Every picture that the source gives is one part."""

    kind: Literal["frame"]


class IntervalTrigger(Settings):
    """Free-running: one inspection each `interval_s`, whether or not a frame came."""

    kind: Literal["interval"]
    interval_s: Seconds


class PresenceTrigger(Settings):
    """One inspection per part that crosses the line; an empty belt is no part.

    While no frame comes, one inspection per `interval_s` ends in unknown: the line may be moving unseen.
    """

    kind: Literal["presence"]
    region: Region = Region()
    travel: Annotated[
        Literal["right", "left", "down", "up"], Field(description="where the belt carries the parts in the picture")
    ] = "right"
    line: Annotated[
        float, Field(gt=0, lt=1, description="where a part is inspected: fraction of the region along the travel")
    ] = 0.5
    difference: Annotated[
        float,
        Field(
            gt=0,
            lt=255,
            description="grey levels, in any colour, by which a part differs from the belt, "
            "on top of 6 percent of the belt's own",
        ),
    ] = 12.0
    shortest: Annotated[
        float, Field(gt=0, lt=1, description="shortest part as a fraction of the region along the travel")
    ] = 0.06
    interval_s: Seconds = 1.0


Trigger = Annotated[FrameTrigger | IntervalTrigger | PresenceTrigger, Field(discriminator="kind")]


class PictureHealth(Settings):
    """Limits outside of which a picture cannot be judged; a part seen through it is unknown.

    Grey values are 0 to 255 on a reduced picture. `sharpness_min` is the variance of the Laplacian, 0 switches it off.
    """

    dark_mean: Annotated[float, Field(ge=0, le=255)] = 8.0
    bright_mean: Annotated[float, Field(ge=0, le=255)] = 247.0
    sharpness_min: Annotated[float, Field(ge=0)] = 0.0
    frozen_frames: Annotated[int, Field(ge=0, description="identical pictures in a row; 0 = off")] = 2


class Point(Settings):
    """One inspection point: a source, a trigger, a bundle, a deadline."""

    name: Slug
    bundle: PathText
    source: Source
    trigger: Trigger = FrameTrigger(kind="frame")
    region: Region = Region()
    deadline_ms: Milliseconds = 500.0
    max_frame_age_ms: Milliseconds = 1000.0
    threshold: Annotated[float | None, Field(description="instead of the bundle's", allow_inf_nan=False)] = None
    runtime: Literal["auto", "litert", "tflite", "onnx"] = "auto"
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    health: PictureHealth = PictureHealth()


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


class StationConfig(Settings):
    """The whole file."""

    station: Station
    points: Annotated[tuple[Point, ...], Field(min_length=1, max_length=16)]
    spool: Spool = Spool()
    uplink: Uplink | None = None
    evidence: EvidenceSettings = EvidenceSettings()

    @model_validator(mode="after")
    def _names_differ(self) -> StationConfig:
        names = [point.name for point in self.points]
        if len(set(names)) != len(names):
            raise ValueError(f"inspection points need different names, found {', '.join(names)}")
        return self
