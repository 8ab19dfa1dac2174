"""What is kept beside the pictures of alerts, as the station asks: samples of good parts, clips of defects."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from edge_runtime.evidence.clip_ring import ClipRing
from edge_runtime.evidence.good_sample import GoodSample

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.station import EvidenceSettings
    from edge_runtime.evidence.clip import Clip
    from edge_runtime.evidence.store import EvidenceStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Extras:
    """The sinks of what is kept beside alerts; None for what is not asked for."""

    good: GoodSample | None = None
    ring: ClipRing | None = None

    @classmethod
    def of(
        cls, settings: EvidenceSettings, store: EvidenceStore | None, keep: Callable[[Callable[[], object]], object]
    ) -> Extras:
        """What the settings ask for; `keep` does a piece of work in its own thread, in turn."""
        if store is None:
            return cls()
        sample = partial(_later, keep, store.keep)
        clip = partial(_later, keep, partial(_keep_clip, store))
        rings = settings.clip_before or settings.clip_after
        return cls(
            GoodSample(settings.good_every, sample) if settings.good_every else None,
            ClipRing(settings.clip_before, settings.clip_after, settings.clip_side_px, clip) if rings else None,
        )

    @property
    def sinks(self) -> tuple[GoodSample | ClipRing, ...]:
        """Those that there are."""
        return tuple(sink for sink in (self.good, self.ring) if sink is not None)

    def flush(self) -> None:
        """Give out what is open."""
        if self.ring is not None:
            self.ring.flush()


def _later(keep: Callable[[Callable[[], object]], object], work: Callable[..., object], what: object) -> None:
    keep(partial(work, what))


def _keep_clip(store: EvidenceStore, clip: Clip) -> None:
    if (path := store.keep_clip(clip)) is not None:
        _log.info("%s: %d pictures around a defect: %s", clip.point, len(clip.moments), path)
