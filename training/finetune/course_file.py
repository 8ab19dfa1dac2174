"""A course file (TOML): what `lepton train --network` does, as data that can be kept beside the model."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from edge_contracts.errors import BadInputError
from edge_contracts.explain import explain
from edge_contracts.station.settings import Settings
from training.finetune.course import Course
from training.finetune.lesson import Scaling
from training.networks.network import NetworkSpec

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from pathlib import Path

Share = Annotated[float, Field(ge=0, lt=1)]
Bytes = Annotated[float, Field(ge=0, le=255)]
Side = Annotated[int, Field(ge=16, le=1024)]
Rate = Annotated[float, Field(gt=0, le=1)]
Steps = Annotated[int, Field(ge=1, le=10_000_000)]
Std = Annotated[float, Field(gt=0, le=1000)]

Unit = Literal["bytes", "ms"]

AGAIN_STEPS, AGAIN_RATE = 0.5, 0.5
"""Of the first stage's, where [prune] says nothing: its network has learned already."""

OF_SPECTRA = Course(turn_degrees=0.0, zoom=0.0, light=0.0)
"""Of recordings, where the file says nothing: a spectrum that is turned or grown is no sound any more."""

STILL = replace(OF_SPECTRA, shift=0.0)
"""What a recipe of augmentation stands for."""

VIEWS = frozenset({"turn_degrees", "zoom", "shift", "light", "mirror", "noise_bytes"})
"""Keys that say how a view differs."""

INT8_STEPS, INT8_RATE = 0.2, 0.05
"""The same for [quantise], which only mends what rounding does."""


class NetworkPart(Settings):
    """What is built, and how pictures go in."""

    width: Annotated[float, Field(gt=0, le=4)] = 1.0
    input_size: tuple[Side, Side] = (96, 96)
    colour: Literal["rgb", "grey"] = "rgb"
    dropout: Share = 0.1
    weights: str = ""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-fA-F]{64})?$")] = ""
    mean: tuple[Bytes, ...] = (127.5,)
    std: tuple[Std, ...] = (127.5,)

    @property
    def channels(self) -> int:
        """Of a picture as the network gets it."""
        return 1 if self.colour == "grey" else 3

    @model_validator(mode="after")
    def _scales_every_channel(self) -> NetworkPart:
        wanted = "one value" if self.channels == 1 else f"one value or {self.channels}, one for each channel,"
        for key, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in {1, self.channels}:
                raise ValueError(f"wanted {wanted} in {key} of a network that sees {self.colour}, found {len(values)}")
        return self


class TrainPart(Settings):
    """One stage; what is left out is as `Course` has it."""

    steps: Steps | None = None
    batch: Annotated[int, Field(ge=2, le=4096)] | None = None
    rate: Rate | None = None
    decay: Annotated[float, Field(ge=0, le=1)] | None = None
    warm_up: Share | None = None
    look_every: Steps | None = None
    patience: Annotated[int, Field(ge=0)] | None = None
    smoothing: Share | None = None
    turn_degrees: Annotated[float, Field(ge=0, le=180)] | None = None
    zoom: Share | None = None
    shift: Share | None = None
    light: Share | None = None
    mirror: bool | None = None
    noise_bytes: Bytes | None = None
    adversarial_bytes: Bytes | None = None
    taught: Annotated[float, Field(ge=0, le=1)] | None = None
    temperature: Annotated[float, Field(gt=0, le=100)] | None = None

    def course(self, otherwise: Course) -> Course:
        """The stage's course; what the file does not say is as in `otherwise`."""
        said = self.model_dump(include=set(TrainPart.model_fields), exclude_none=True)
        return replace(otherwise, **said)


class PrunePart(TrainPart):
    """The stage after channels were taken out, and how many: until the int8 file costs at most the target."""

    target_bytes: Annotated[int, Field(ge=1000)] | None = None
    target_ms: Annotated[float, Field(gt=0, le=60_000)] | None = None

    @property
    def target(self) -> tuple[float, Unit]:
        """What it may cost, and the unit."""
        return (self.target_ms, "ms") if self.target_ms is not None else (float(self.target_bytes or 0), "bytes")

    @model_validator(mode="after")
    def _has_one_target(self) -> PrunePart:
        if (self.target_bytes is None) == (self.target_ms is None):
            raise ValueError("wanted either target_bytes or target_ms")
        return self


class CourseFile(Settings):
    """The whole file. held_out: share of each class's groups that is looked at and not learned."""

    held_out: Annotated[float, Field(gt=0, le=0.5)] = 0.15
    network: NetworkPart = NetworkPart()
    train: TrainPart = TrainPart()
    prune: PrunePart | None = None
    quantise: TrainPart | None = None

    def spec(self, name: str, outputs: int) -> NetworkSpec:
        """The network that it asks for."""
        part = self.network
        return NetworkSpec(
            name,
            outputs,
            *part.input_size,
            channels=part.channels,
            width=part.width,
            dropout=part.dropout,
        )

    @property
    def scaling(self) -> Scaling:
        """What the network gets for a byte."""
        return Scaling(self.network.mean, self.network.std)

    def courses(self, seed: int, usual: Course | None = None) -> tuple[Course, Course | None, Course | None]:
        """Of the three stages; None for one that is left out.

        Args:
            seed: of all of them.
            usual: what holds where the file says nothing; None for pictures'.
        """
        first = self.train.course(replace(usual or Course(), seed=seed))
        again = replace(first, steps=max(1, round(AGAIN_STEPS * first.steps)), rate=AGAIN_RATE * first.rate)
        to_int8 = replace(
            first, steps=max(1, round(INT8_STEPS * first.steps)), rate=INT8_RATE * first.rate, warm_up=0.0
        )
        return (
            first,
            None if self.prune is None else self.prune.course(again),
            None if self.quantise is None else self.quantise.course(to_int8),
        )

    def require_no_views(self) -> None:
        """Refuse a file that says how views differ, beside a recipe that says it.

        Raises:
            BadInputError: naming the keys.
        """
        stages = {"train": self.train, "prune": self.prune, "quantise": self.quantise}
        said = [
            f"{key} in [{name}]"
            for name, part in stages.items()
            if part is not None
            for key in sorted(VIEWS & part.model_fields_set)
        ]
        if said:
            raise BadInputError(
                f"wanted one place that says how views differ, found {', '.join(said)} of the course beside --augment; "
                "leave these keys out, or the recipe"
            )


def course_text(course: CourseFile) -> str:
    """The course as a file that says what was said; `read_course` makes the same of it."""
    lines, tables = [], []
    for key, value in course.model_dump(mode="json", exclude_none=True, exclude_unset=True).items():
        if isinstance(value, dict):
            tables += ["", f"[{key}]", *(f"{name} = {json.dumps(one)}" for name, one in value.items())]
        else:
            lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join([*lines, *tables, ""])


def read_course(path: Path | None) -> CourseFile:
    """Read a file; without one everything is as it is by default.

    Raises:
        BadInputError: no such file, no TOML, or keys and values that there are not; all of them are named.
    """
    if path is None:
        return CourseFile()
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInputError(f"wanted a course in TOML at {path}, found: {error}; mend the file") from error
    try:
        return CourseFile.model_validate(content)
    except ValidationError as error:
        sentences = "\n  ".join(explain(error, CourseFile))
        raise BadInputError(f"wanted a course in {path}, found:\n  {sentences}") from error
