"""What one model says of one part, and what backs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from edge_contracts.station import Region
    from edge_runtime.inspection.decision import Decision
    from edge_runtime.lessons.lesson import Impression


@dataclass(frozen=True, slots=True)
class Finding:
    """One model's answer.

    model: its name in the station's configuration, empty for a point with one bundle.
    digest: its bundle's.
    decision: its marks lie in the whole frame, as fractions of it.
    region: what of the frame it saw.
    heat_map: float32 h×w over `region`; None where there is none.
    impression: what can be taught of the part; None where nothing can.
    """

    model: str
    digest: str
    decision: Decision
    region: Region
    heat_map: npt.NDArray[np.float32] | None = None
    impression: Impression | None = None
