"""What the daemon must know of a source beside its pictures: how it is shown, and when its driver counts as stuck."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_contracts.station import CsiSource, MicrophoneSource, MjpegSource, RtspSource, SerialSource, V4l2Source
from edge_runtime.capture.rtsp import shown_address

if TYPE_CHECKING:
    from edge_contracts.station import Source as SourceSettings

SILENCE_INTERVAL_S: Final = 1.0
"""How often a point that is triggered by its readings is inspected while none comes."""

_FILE_STUCK_S: Final = 60.0
_STREAM_STUCK_S: Final = 30.0


def stuck_after_s(settings: SourceSettings) -> float:
    """After how long without a step a thread of this source is left behind, in seconds."""
    if isinstance(settings, RtspSource | MjpegSource):
        return settings.open_timeout_s + settings.read_timeout_s + _STREAM_STUCK_S
    if isinstance(settings, MicrophoneSource | SerialSource):
        return settings.patience_s + settings.read_timeout_s + _STREAM_STUCK_S
    if isinstance(settings, V4l2Source | CsiSource):
        return settings.read_timeout_s + _STREAM_STUCK_S
    return _FILE_STUCK_S


def patience_s(settings: SourceSettings) -> float:
    """The longest time between two readings of a source that works, in seconds; a second for what gives many."""
    return settings.patience_s if isinstance(settings, MicrophoneSource | SerialSource) else SILENCE_INTERVAL_S


def shown_source(settings: SourceSettings) -> str:
    """The source as it may be shown, without any password."""
    if isinstance(settings, RtspSource | MjpegSource):
        return f"{settings.kind} {shown_address(settings.url)}"
    if isinstance(settings, MicrophoneSource):
        return f"{settings.kind} {settings.device}"
    if isinstance(settings, SerialSource):
        return f"{settings.kind} {settings.port}"
    if isinstance(settings, V4l2Source | CsiSource):
        return f"{settings.kind} {settings.camera or 'camera'}"
    return f"{settings.kind} {settings.path}"
