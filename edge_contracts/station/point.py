"""One inspection point of the station."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from edge_contracts.identifiers import Slug
from edge_contracts.station.health import PictureHealth
from edge_contracts.station.region import Region
from edge_contracts.station.settings import Milliseconds, PathText, Settings
from edge_contracts.station.signal_health import SignalHealth
from edge_contracts.station.signal_source import MicrophoneSource, SerialSource, SoundFilesSource
from edge_contracts.station.source import Source
from edge_contracts.station.trigger import FrameTrigger, PresenceTrigger, Trigger


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
    signal_health: SignalHealth = SignalHealth()

    @property
    def listens(self) -> bool:
        """Whether its source gives windows of samples instead of pictures."""
        return isinstance(self.source, SoundFilesSource | MicrophoneSource | SerialSource)

    @model_validator(mode="after")
    def _sounds_show_no_parts(self) -> Point:
        if self.listens and isinstance(self.trigger, PresenceTrigger):
            raise ValueError(f"a presence trigger sees parts in pictures; the source {self.source.kind!r} gives none")
        return self
