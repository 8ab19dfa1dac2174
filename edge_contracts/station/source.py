"""Where an inspection point gets what it judges."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from edge_contracts.station.address import PossiblePort
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
    url: Annotated[str, StringConstraints(pattern=r"^rtsps?://\S+$", max_length=2048), PossiblePort]
    open_timeout_s: Seconds = 5.0
    read_timeout_s: Seconds = 2.0


class MjpegSource(Settings):
    """A camera that sends JPEGs over HTTP; the stream is reopened for as long as the daemon runs."""

    kind: Literal["mjpeg"]
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2048), PossiblePort]
    open_timeout_s: Seconds = 5.0
    read_timeout_s: Seconds = 2.0


class CameraControls(Settings):
    """What the camera shall not choose by itself; one that is left out stays as the camera has it."""

    exposure_us: Annotated[float | None, Field(gt=0, le=10_000_000)] = None
    gain: Annotated[float | None, Field(ge=0, le=1_000_000)] = None
    white_balance_k: Annotated[float | None, Field(ge=1000, le=20_000)] = None
    focus: Annotated[float | None, Field(ge=0, le=1_000_000)] = None


class V4l2Source(Settings):
    """A camera of this machine, found by its port or serial number."""

    kind: Literal["v4l2"]
    camera: Annotated[
        str,
        StringConstraints(
            pattern=r"^(usb:\d+-\d+(\.\d+)*|serial:\S.*|/dev/v4l/by-(id|path)/[^/]+|/dev/video\d+)$", max_length=256
        ),
    ]
    node: Annotated[int, Field(ge=0, le=63, description="of a camera with several video nodes, which")] = 0
    width_px: Annotated[int | None, Field(ge=16, le=16_384)] = None
    height_px: Annotated[int | None, Field(ge=16, le=16_384)] = None
    fps: Annotated[float | None, Field(gt=0, le=1000)] = None
    fourcc: Annotated[str | None, StringConstraints(pattern=r"^[A-Z0-9 ]{4}$")] = None
    read_timeout_s: Seconds = 2.0
    controls: CameraControls = CameraControls()

    @model_validator(mode="after")
    def _size_is_whole(self) -> V4l2Source:
        if (self.width_px is None) != (self.height_px is None):
            raise ValueError("width_px and height_px belong together: give both or none")
        return self


class CsiControls(Settings):
    """What the camera shall not choose by itself; one that is left out stays automatic."""

    exposure_us: Annotated[int | None, Field(gt=0, le=100_000_000)] = None
    gain: Annotated[float | None, Field(ge=1, le=64, description="analogue gain")] = None
    red_gain: Annotated[float | None, Field(ge=0, le=32)] = None
    blue_gain: Annotated[float | None, Field(ge=0, le=32)] = None
    focus: Annotated[float | None, Field(ge=0, le=32, description="dioptres: 1 / distance in metres")] = None

    @model_validator(mode="after")
    def _gains_are_a_pair(self) -> CsiControls:
        if (self.red_gain is None) != (self.blue_gain is None):
            raise ValueError("red_gain and blue_gain belong together: give both or none")
        return self


class CsiSource(Settings):
    """A Raspberry Pi's ribbon-cable camera, through picamera2."""

    kind: Literal["csi"]
    camera: Annotated[str | None, StringConstraints(min_length=1, max_length=256)] = None
    width_px: Annotated[int, Field(ge=64, le=16_384, multiple_of=2)] = 1280
    height_px: Annotated[int, Field(ge=64, le=16_384, multiple_of=2)] = 720
    fps: Annotated[float, Field(gt=0, le=1000)] = 30.0
    read_timeout_s: Seconds = 2.0
    controls: CsiControls = CsiControls()


Source = Annotated[
    FolderSource
    | VideoSource
    | RtspSource
    | MjpegSource
    | V4l2Source
    | CsiSource
    | SoundFilesSource
    | MicrophoneSource
    | SerialSource,
    Field(discriminator="kind"),
]
