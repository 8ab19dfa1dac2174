"""Which of a point's pictures become training pictures: those that could be judged, until there are enough."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_contracts.verdict import Cause
from edge_runtime.inspection.region import cut

if TYPE_CHECKING:
    from pathlib import Path

    from edge_contracts.station import Region
    from edge_runtime.frames import Frame
    from edge_runtime.recording.album import Album

OF_THE_MODEL: Final = frozenset({
    *(Cause.CLEAN, Cause.THRESHOLD, Cause.UNSURE, Cause.NOT_A_NUMBER),
    *(Cause.BACKEND_HUNG, Cause.BACKEND_FAILED, Cause.DEADLINE),
})  # fmt: skip
"""What a verdict may say without speaking against its picture."""


@dataclass(slots=True)
class Recording:
    """One request for pictures.

    album: keeps them.
    region: what of each picture the model will see, and so what is kept.
    wanted: how many.
    taken: how many there are.
    skipped: pictures that could not be judged, by the cause.
    """

    album: Album
    region: Region
    wanted: int
    taken: int = 0
    skipped: Counter[Cause] = field(default_factory=Counter)

    @property
    def is_done(self) -> bool:
        """Whether there are enough."""
        return self.taken >= self.wanted

    def offer(self, frame: Frame | None, against: Cause | None) -> Path | None:
        """Keep a picture, unless there are enough or something speaks against it.

        Args:
            frame: None where a picture could not be read.
            against: why it cannot be judged; a cause of the model's is none.

        Returns:
            Where it was kept, None where it was not.

        Raises:
            OSError: the disk refuses.
        """
        if self.is_done:
            return None
        if against is not None and against not in OF_THE_MODEL:
            self.skipped[against] += 1
            return None
        if frame is None:
            self.skipped[Cause.BAD_FRAME] += 1
            return None
        path = self.album.keep(cut(frame.pixels, self.region))
        self.taken += 1
        return path

    def __str__(self) -> str:
        """As a person is told: `23 of 50 pictures; skipped: 3 dark, 1 frozen`."""
        skipped = ", ".join(f"{count} {cause.value}" for cause, count in self.skipped.most_common())
        return f"{self.taken} of {self.wanted} pictures" + (f"; skipped: {skipped}" if skipped else "")
