"""Where an inspection point gets what it judges."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from edge_contracts.station.settings import PathText, Seconds, Settings
from edge_contracts.station.signal_source import MicrophoneSource, SerialSource, SoundFilesSource


class FolderSource(Settings):
    """A folder of pictures, in the order of their names; each picture is one part unless a trigger says otherwise."""

    kind: Literal["folder"]
    path: PathText
    repeat: Annotated[bool, Field(description="begin again after the last picture")] = False
    watch: Annotated[bool, Field(description="wait for pictures that appear, in the order of arrival")] = False
    after: Annotated[Literal["keep", "delete"], Field(description="of a watched picture that was judged")] = "keep"
    settle_s: Annotated[Seconds, Field(description="a watched picture stands still so long before it is read")] = 0.3

    @model_validator(mode="after")
    def _watches_or_replays(self) -> FolderSource:
        if self.watch and self.repeat:
            raise ValueError("a watched folder has no end to repeat from: leave out watch or repeat")
        if not self.watch and self.model_fields_set & {"after", "settle_s"}:
            raise ValueError("after and settle_s belong to a watched folder: add watch = true or leave them out")
        return self


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


class MjpegSource(Settings):
    """A camera that sends JPEGs over HTTP; the stream is reopened for as long as the daemon runs."""

    kind: Literal["mjpeg"]
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2048)]
    open_timeout_s: Seconds = 5.0
    read_timeout_s: Seconds = 2.0


Source = Annotated[
    FolderSource | VideoSource | RtspSource | MjpegSource | SoundFilesSource | MicrophoneSource | SerialSource,
    Field(discriminator="kind"),
]
