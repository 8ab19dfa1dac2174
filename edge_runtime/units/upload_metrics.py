"""Evidence on its way to the manager, in figures for the page's `/metrics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_runtime.web.metrics import Metric

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_runtime.units.running import Running
    from edge_runtime.web.metrics import Reading, Sample

UPLOADS: tuple[tuple[str, str], ...] = (
    ("taken", "Files that the manager has."),
    ("resumed", "Transfers that went on where they had broken off."),
    ("failed", "Attempts that came to nothing."),
    ("refused", "Files that the manager never takes."),
    ("gone", "Files that were removed before their turn."),
    ("bytes", "Bytes sent."),
)
"""Fields of `UploadCounts`, and what they mean."""


def upload_metrics(running: Running) -> tuple[Metric, ...]:
    """Rows for `WebFace.start`; a station without `[upload]` has no samples of them."""
    behind = Metric(
        "lepton_upload_behind", "gauge", "Files that wait or are on their way.", (), lambda _: _behind(running)
    )
    return (*(_count(name, meaning, running) for name, meaning in UPLOADS), behind)


def _count(name: str, meaning: str, running: Running) -> Metric:
    def samples(_: Reading) -> Iterable[Sample]:
        return [((), float(getattr(running.upload_counts, name)))] if running.uploader else []

    return Metric(f"lepton_upload_{name}_total", "counter", meaning, (), samples)


def _behind(running: Running) -> Iterable[Sample]:
    uploader = running.uploader
    return [((), float(uploader.behind))] if uploader else []
