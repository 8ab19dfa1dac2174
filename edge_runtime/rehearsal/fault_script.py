"""A fault script (TOML): which pictures the camera's stand-in gives, and what goes wrong when."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, ValidationError, model_validator

from edge_contracts.errors import BadInputError
from edge_contracts.explain import explain
from edge_contracts.station.settings import PathText, Settings
from edge_runtime.rehearsal.fault import Fault, FaultKind

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Sequence

_BYTES_MAX = 1 << 20
_LONGEST_S = 86_400
_AFTER_S = 5.0
"""Behind the last fault, when the script does not say how long it lasts."""
_LAG_S = 10.0
_JUMP_S = 3600.0

_Time = Annotated[float, Field(ge=0, le=_LONGEST_S, allow_inf_nan=False)]
_Span = Annotated[float, Field(gt=0, le=_LONGEST_S, allow_inf_nan=False)]


class ScriptedFault(Settings):
    """One `[[faults]]` table."""

    fault: FaultKind
    at_s: _Time
    for_s: _Span
    point: str | None = None
    by_s: Annotated[float | None, Field(ge=-4e9, le=4e9, allow_inf_nan=False)] = None

    def acted(self) -> Fault:
        """The fault as it travels; how far it goes is ten seconds of lag, or an hour of the clock, unless said."""
        usual_s = _LAG_S if self.fault is FaultKind.SOURCE_LAGS else _JUMP_S
        return Fault(self.fault, self.at_s, self.for_s, self.point, usual_s if self.by_s is None else self.by_s)


class FaultScript(Settings):
    """The whole file; relative paths start at its folder."""

    pictures: PathText
    pictures_per_s: Annotated[float, Field(gt=0, le=1000)] = 10.0
    part_every_s: Annotated[float, Field(gt=0, le=3600)] = 1.0
    recovery_s: _Span = 5.0
    lasts_s: _Span | None = None
    faults: Annotated[tuple[ScriptedFault, ...], Field(min_length=1, max_length=200)]

    @property
    def end_s(self) -> float:
        """When the rehearsal is over, in seconds after the daemon is ready."""
        return self.lasts_s or max(fault.at_s + fault.for_s for fault in self.faults) + self.recovery_s + _AFTER_S

    def acted(self) -> tuple[Fault, ...]:
        """The faults in the order of their beginnings."""
        return tuple(sorted((fault.acted() for fault in self.faults), key=lambda fault: fault.at_s))

    @model_validator(mode="after")
    def _acted_whole_and_one_at_a_time(self) -> FaultScript:
        """What a verdict is due to must be certain, and a fault that is cut short shows nothing."""
        ordered = self.acted()
        mistakes = [
            f"faults must follow each other: {before.kind.value} ends at {before.end_s:g} s and "
            f"{after.kind.value} begins at {after.at_s:g} s"
            for before, after in itertools.pairwise(ordered)
            if after.at_s < before.end_s
        ]
        mistakes += [
            f"wanted lasts_s to reach the end of each fault, found {self.lasts_s:g} s and {fault.kind.value} until "
            f"{fault.end_s:g} s"
            for fault in ordered
            if self.lasts_s is not None and fault.end_s > self.lasts_s
        ]
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self


def check_points(script: FaultScript, points: Sequence[str]) -> None:
    """Refuse faults at points that the station does not have: such a fault would strike nothing.

    Raises:
        BadInputError: lists each of them.
    """
    mistakes = [
        f"faults.{place}.point: wanted a point among {', '.join(points)}, found {fault.point}"
        for place, fault in enumerate(script.faults)
        if fault.point is not None and fault.point not in points
    ]
    if mistakes:
        raise BadInputError("\n".join(mistakes))


def load_script(path: Path) -> FaultScript:
    """Read and check a script; its path of pictures is absolute.

    Raises:
        BadInputError: lists what was wanted and found for each error.
    """
    document = _parse(path)
    try:
        script = FaultScript.model_validate(document)
    except ValidationError as error:
        listed = "\n  ".join(explain(error, FaultScript))
        raise BadInputError(
            f"wanted a usable fault script in {path}, found mistakes; docs/how-to/rehearse.md tells every key:"
            f"\n  {listed}"
        ) from error
    return script.model_copy(update={"pictures": str(_folder(script.pictures, path))})


def _folder(name: str, path: Path) -> Path:
    try:
        folder = path.resolve().parent / Path(name).expanduser()
        is_there = folder.is_dir()
    except (OSError, RuntimeError):
        folder, is_there = Path(name), False
    if not is_there:
        raise BadInputError(f"wanted a folder of pictures for {path}, found none at {folder}; correct 'pictures'")
    return folder


def _parse(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _BYTES_MAX:
            raise BadInputError(f"wanted a fault script of at most {_BYTES_MAX} bytes, found more in {path}")
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadInputError(f"wanted a fault script at {path}, found none ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise BadInputError(
            f"wanted UTF-8 text in {path}, found other bytes ({error.reason}); save it as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(f"wanted TOML in {path}, found a mistake: {error}; mend it and try again") from error
    return document
