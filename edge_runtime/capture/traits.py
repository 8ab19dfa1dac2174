"""What the daemon must know of a source beside its pictures: how it is shown, and when its driver counts as stuck."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_contracts.station import MjpegSource, RtspSource
from edge_runtime.capture.rtsp import shown_address

if TYPE_CHECKING:
    from edge_contracts.station import Source as SourceSettings

_FILE_STUCK_S: Final = 60.0
_STREAM_STUCK_S: Final = 30.0


def stuck_after_s(settings: SourceSettings) -> float:
    """After how long without a step a thread of this source is left behind, in seconds."""
    if isinstance(settings, RtspSource | MjpegSource):
        return settings.open_timeout_s + settings.read_timeout_s + _STREAM_STUCK_S
    return _FILE_STUCK_S


def shown_source(settings: SourceSettings) -> str:
    """The source as it may be shown, without any password."""
    if isinstance(settings, RtspSource | MjpegSource):
        return f"{settings.kind} {shown_address(settings.url)}"
    return f"{settings.kind} {settings.path}"
