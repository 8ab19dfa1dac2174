"""Where an inspection point gets what it listens to: sounds and the readings of sensors."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from edge_contracts.station.settings import PathText, Seconds, Settings

RATE_MAX_HZ = 768_000
CHANNELS_MAX = 16
WINDOW_MAX_S = 600.0
PART_GROUP = "part"
_SLACK_S = 1.0

WindowSeconds = Annotated[float, Field(gt=0, le=WINDOW_MAX_S)]
Column = Annotated[int, Field(ge=1, le=256)]


class SoundFilesSource(Settings):
    """A WAV file, or a folder of them in the order of their names."""

    kind: Literal["sound-files"]
    path: PathText
    window_s: Annotated[WindowSeconds | None, Field(description="cut each file; none = each file is one part")] = None
    hop_s: Annotated[WindowSeconds | None, Field(description="from window to window; none = window_s")] = None
    pace: Literal["recorded", "fast"] = "fast"
    repeat: bool = False

    @model_validator(mode="after")
    def _hop_fits(self) -> SoundFilesSource:
        if self.hop_s is not None and self.window_s is None:
            raise ValueError("hop_s needs a window_s")
        _require_hop_within(self.hop_s, self.window_s)
        return self


class MicrophoneSource(Settings):
    """A microphone or line input; it is reopened for as long as the daemon runs."""

    kind: Literal["microphone"]
    device: Annotated[str, StringConstraints(min_length=1, max_length=256)] = "default"
    rate_hz: Annotated[int, Field(ge=1000, le=RATE_MAX_HZ)] = 16_000
    channels: Annotated[int, Field(ge=1, le=CHANNELS_MAX)] = 1
    window_s: WindowSeconds = 1.0
    hop_s: Annotated[WindowSeconds | None, Field(description="from window to window; none = window_s")] = None
    read_timeout_s: Seconds = 2.0

    @property
    def patience_s(self) -> float:
        """The longest time between two windows while the microphone works, in seconds."""
        return self.window_s + _SLACK_S

    @property
    def fresh_window_s(self) -> float:
        """The longest time from any moment to the end of the first window that begins after it, in seconds."""
        return (self.hop_s or self.window_s) + self.window_s

    @model_validator(mode="after")
    def _hop_fits(self) -> MicrophoneSource:
        _require_hop_within(self.hop_s, self.window_s)
        return self


class SerialSource(Settings):
    """A serial line that sends a line of text per reading; it is reopened for as long as the daemon runs.

    A line's numbers are the fields `columns` between `separator`s (a blank: any white space), or the groups of
    `pattern`, of which one called `part` is no number and names the part.
    """

    kind: Literal["serial"]
    port: PathText
    baud_rate: Annotated[int, Field(ge=50, le=4_000_000)] = 115_200
    rate_hz: Annotated[
        float | None, Field(gt=0, le=RATE_MAX_HZ, description="lines per second; none = whenever something happens")
    ] = None
    window: Annotated[int, Field(ge=1, le=1_000_000, description="lines per window")] = 1
    hop: Annotated[int | None, Field(ge=1, description="lines from window to window; none = window")] = None
    separator: Annotated[str, StringConstraints(min_length=1, max_length=8)] = ","
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=CHANNELS_MAX)] = (1,)
    pattern: Annotated[str | None, StringConstraints(max_length=1024)] = None
    other_lines: Annotated[
        Literal["bad", "ignored"], Field(description="what a line is that does not match the pattern")
    ] = "bad"
    bad_lines_max: Annotated[int, Field(ge=0, description="more of them in a window make it unknown")] = 0
    read_timeout_s: Seconds = 5.0

    @property
    def patience_s(self) -> float:
        """The longest time between two windows while the line works, in seconds."""
        line_s = self.read_timeout_s if self.rate_hz is None else 1 / self.rate_hz
        return self.window * line_s + _SLACK_S

    @property
    def fresh_window_s(self) -> float:
        """The longest time from any moment to the end of the first window that begins after it, in seconds.

        0 for lines that come whenever something happens.
        """
        return ((self.hop or self.window) + self.window) / self.rate_hz if self.rate_hz is not None else 0.0

    @field_validator("pattern")
    @classmethod
    def _pattern_has_numbers(cls, pattern: str | None) -> str | None:
        if pattern is None:
            return None
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            raise ValueError(f"wanted a regular expression, found one that Python refuses: {error}") from error
        if compiled.groups - (PART_GROUP in compiled.groupindex) < 1:
            raise ValueError(f"wanted a group for each number (besides one called {PART_GROUP!r}), found none")
        return pattern

    @model_validator(mode="after")
    def _one_way_to_read_a_line(self) -> SerialSource:
        if self.pattern is not None and self.model_fields_set & {"separator", "columns"}:
            raise ValueError("a pattern says which numbers a line has: leave separator and columns out")
        if self.pattern is None and self.other_lines == "ignored":
            raise ValueError("other_lines needs a pattern")
        if self.hop is not None and self.hop > self.window:
            raise ValueError(f"hop must be at most window, or lines go unjudged; found {self.hop} over {self.window}")
        return self


def _require_hop_within(hop_s: float | None, window_s: float | None) -> None:
    if hop_s is not None and window_s is not None and hop_s > window_s:
        raise ValueError(f"hop_s must be at most window_s, or sound goes unjudged; found {hop_s:g} over {window_s:g}")
