"""The model of a board file: what a board is, what runs on it, and what the converter may lose for it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from device_profiles.figures import (
    Anchor,
    Auroc,
    Cores,
    DelegateName,
    Dollars,
    LatencySeries,
    Megabytes,
    Megahertz,
    Points,
    Source,
    SourceKey,
    Table,
    Text,
    ThreadCount,
    Watts,
)

PYTHON_FLOOR = (3, 10)
ProfileName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
PythonVersion = Annotated[str, StringConstraints(pattern=r"^3\.\d{1,2}$")]
RuntimeName = Literal["litert", "tflite", "onnx"]
ActivationType = Literal["int8", "uint8", "int16", "float16", "float32"]


class Processor(Table):
    """The processor. Cores and clock are absent where the profile stands for more than one machine.

    Attributes:
        soc: the chip.
        core: the kind of core.
        source: what names chip and core.
        cores: how many.
    """

    soc: Text
    core: Text
    architecture: Annotated[Literal["aarch64", "x86_64"], Field(description="as `uname -m` says it")]
    source: SourceKey
    cores: Cores | None = None
    clock: Annotated[Megahertz | None, Field(description="the highest stock clock")] = None


class Accelerator(Table):
    """What computes besides the processor, and through what it is reached.

    Attributes:
        name: what it is.
        source: what says so.
    """

    name: Text
    why: Annotated[Text, Field(description="how it is used, or why it is not")]
    delegate: Annotated[DelegateName | None, Field(description="whose rules tell what runs there")] = None
    source: SourceKey


class System(Table):
    """An operating system of the board and the Python that it brings.

    Attributes:
        name: with the distribution that it is made from.
        python: major and minor, such as `3.11`.
        source: what says so.
    """

    name: Text
    python: PythonVersion
    source: SourceKey

    @property
    def python_version(self) -> tuple[int, int]:
        """Major and minor, such as `(3, 11)`."""
        major, minor = self.python.split(".")
        return int(major), int(minor)


class Runtime(Table):
    """A runtime that the board can have.

    Attributes:
        name: `litert`, `tflite` or `onnx`.
        extra: of `lepton-edge`; absent where the vendor's own wheel must stay.
        source: what says that it can be had.
    """

    name: RuntimeName
    extra: RuntimeName | None = None
    why: Annotated[Text, Field(description="why it stands at this place in the order")]
    source: SourceKey


class Quantisation(Table):
    """What the converter should aim at.

    Attributes:
        weights: `per_channel` or `per_tensor`, of convolutions.
        fully_connected: the same of fully connected layers, which fewer accelerators take per channel; absent:
            `per_tensor`.
        why: the reason.
        source: what the reason rests on.
    """

    weights: Literal["per_channel", "per_tensor"]
    activations: Annotated[
        tuple[ActivationType, ...], Field(min_length=1, description="preferred types of activations, best first")
    ]
    symmetric: Annotated[
        bool, Field(description="whether activations need a zero point of 0, as TensorRT does; absent: no")
    ] = False
    fully_connected: Literal["per_channel", "per_tensor"] = "per_tensor"
    why: Text
    source: SourceKey


class Limits(Table):
    """What the converter's gate lets pass: the loss from the float model to the finished artefact, on labelled data."""

    max_accuracy_loss: Annotated[Points, Field(description="labelled models, in percentage points")]
    max_auroc_loss: Annotated[Auroc, Field(description="good-only detectors")]


class Power(Table):
    """What the board draws; a figure that nobody published is absent.

    Attributes:
        idle: booted, nothing running.
    """

    idle: Watts | None = None
    load: Annotated[Watts | None, Field(description="all cores busy")] = None


class Profile(Table):
    """One board.

    Attributes:
        name: what `--profile` takes.
        title: what a person calls the board.
        cpu: the processor.
        memory: of the smallest variant that is sold, because a bundle must fit every one.
        accelerator: absent where nothing but the processor is used.
        systems: operating systems, the stock one first.
        python_note: what to do; required where the stock system lacks Python 3.10.
        runtimes: best first.
        extras: what to install of `lepton-edge`, besides the core.
        install: the commands, in order, for a shell on the board.
        quantisation: what the converter aims at.
        threads: how many the backend starts with.
        limits: of the converter's gate.
        power: what the board draws.
        price: in US dollars.
        latency: published latencies, as series; `anchors` has them one by one.
        sources: what the figures name.
    """

    name: ProfileName
    title: Text
    cpu: Processor
    memory: Megabytes | None = None
    accelerator: Accelerator | None = None
    systems: Annotated[tuple[System, ...], Field(min_length=1)]
    python_note: Text | None = None
    runtimes: Annotated[tuple[Runtime, ...], Field(min_length=1)]
    extras: Annotated[tuple[Text, ...], Field(min_length=1)]
    install: Annotated[tuple[Text, ...], Field(min_length=1)]
    quantisation: Quantisation
    threads: ThreadCount
    limits: Limits
    power: Power | None = None
    price: Dollars | None = None
    latency: tuple[LatencySeries, ...] = ()
    sources: dict[SourceKey, Source]

    @property
    def stock_system(self) -> System:
        """The system that the board's maker gives out first."""
        return self.systems[0]

    @property
    def lacks_python(self) -> bool:
        """Whether the stock system's Python is older than 3.10."""
        return self.stock_system.python_version < PYTHON_FLOOR

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """Every published latency of the board, in ms, with the address of its source."""
        return tuple(anchor for series in self.latency for anchor in self._anchors_of(series))

    def _anchors_of(self, series: LatencySeries) -> list[Anchor]:
        at = self.sources[series.source].at
        return [
            Anchor(
                device=series.device,
                framework=series.framework,
                threads=series.threads,
                model=row.model,
                precision=row.precision,
                input=row.input,
                ms=row.ms,
                note=row.note,
                source=at,
            )
            for row in series.rows
        ]

    @model_validator(mode="after")
    def _old_python_says_what_to_do(self) -> Profile:
        if self.lacks_python and self.python_note is None:
            raise ValueError(
                f"wanted python_note, because {self.stock_system.name} has Python {self.stock_system.python} "
                "and Lepton Edge needs 3.10: say what to do"
            )
        return self

    @model_validator(mode="after")
    def _names_each_runtime_once(self) -> Profile:
        names = [runtime.name for runtime in self.runtimes]
        if len(set(names)) != len(names):
            raise ValueError(f"wanted each runtime once, found {', '.join(names)}")
        return self
