"""One inspection point of the station."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from edge_contracts.identifiers import Slug
from edge_contracts.station.alerting import Alerting, GradeRule
from edge_contracts.station.health import PictureHealth
from edge_contracts.station.mask import Mask
from edge_contracts.station.model import PointModel, Runtime, Threads, Threshold, Thresholds
from edge_contracts.station.region import Region
from edge_contracts.station.settings import Milliseconds, Settings
from edge_contracts.station.signal_health import SignalHealth
from edge_contracts.station.signal_source import MicrophoneSource, SerialSource, SoundFilesSource
from edge_contracts.station.source import Source
from edge_contracts.station.tiles import Tiles
from edge_contracts.station.trigger import FrameTrigger, PresenceTrigger, Trigger

MODELS_MAX = 8
_OF_ONE_MODEL = frozenset({"bundle", "mask", "tiles", "threshold", "thresholds", "runtime", "threads"})


class Point(Settings):
    """One inspection point: a source, a trigger, a bundle or several models, a deadline."""

    name: Slug
    bundle: Annotated[str, Field(max_length=4096)] = ""
    models: Annotated[tuple[PointModel, ...], Field(max_length=MODELS_MAX)] = ()
    join: Annotated[
        Literal["any", "all"], Field(description="which models must find a defect to make the part one")
    ] = "any"
    source: Source
    trigger: Trigger = FrameTrigger(kind="frame")
    region: Region = Region()
    mask: Mask | None = None
    tiles: Tiles | None = None
    deadline_ms: Milliseconds = 500.0
    max_frame_age_ms: Milliseconds = 1000.0
    threshold: Threshold = None
    thresholds: Thresholds = Field(default_factory=dict)
    runtime: Runtime = "auto"
    threads: Threads = 1
    health: PictureHealth = PictureHealth()
    signal_health: SignalHealth = SignalHealth()
    alerting: Alerting = Alerting()
    grades: Annotated[tuple[GradeRule, ...], Field(max_length=64)] = ()

    @property
    def listens(self) -> bool:
        """Whether its source gives windows of samples instead of pictures."""
        return isinstance(self.source, SoundFilesSource | MicrophoneSource | SerialSource)

    @model_validator(mode="after")
    def _sounds_show_no_parts(self) -> Point:
        if self.listens and isinstance(self.trigger, PresenceTrigger):
            raise ValueError(f"a presence trigger sees parts in pictures; the source {self.source.kind!r} gives none")
        return self

    @property
    def views(self) -> tuple[Point, ...]:
        """The point as each of its models has it: with that model's bundle, region, mask, tiles and limits.

        A point with one bundle is its own view; else a view is named `point/model`, in the order of the file.
        """
        return tuple(self._view(model) for model in self.models) or (self,)

    def _view(self, model: PointModel) -> Point:
        own = {key: getattr(model, key) for key in _OF_ONE_MODEL}
        changes = own | {
            "name": f"{self.name}/{model.name}",
            "models": (),
            "source": model.source or self.source,
            "region": model.region or self.region,
        }
        return self.model_copy(update=changes)

    @model_validator(mode="after")
    def _has_models(self) -> Point:
        if bool(self.bundle) == bool(self.models):
            found = "both" if self.bundle else "neither"
            raise ValueError(f"wanted either bundle or [[points.models]], found {found}")
        if self.models:
            self._check_models()
        return self

    def _check_models(self) -> None:
        if misplaced := sorted(self.model_fields_set & _OF_ONE_MODEL):
            raise ValueError(f"{', '.join(misplaced)} belongs into [[points.models]] when a point has them")
        names = [model.name for model in self.models]
        if len(set(names)) != len(names):
            raise ValueError(f"the models of a point need different names, found {', '.join(names)}")
        gates = [model for model in self.models if model.gate]
        if gates and (len(gates) > 1 or not self.models[0].gate or len(self.models) == 1):
            raise ValueError("a gate is the first of several models, and the only gate; put it first")
        if gates and gates[0].source is not None:
            raise ValueError("a gate judges what the point's own source gives; leave its source out")
