"""Where an inspection point gets what it judges."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from edge_contracts.station.settings import PathText, Seconds, Settings


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
