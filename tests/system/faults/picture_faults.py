"""Pictures that come and show nothing."""

from __future__ import annotations

from tests.system.faults.judgement import INTERVAL_NS
from tests.system.faults.source_faults import OtherMode


class Frozen(OtherMode):
    """A repetition shows with the second picture that is looked at, one interval after the first."""

    name = "picture frozen"
    mode = "frozen"
    seizes_s = 0.15 + INTERVAL_NS / 1e9


class Dark(OtherMode):
    name = "light off"
    mode = "dark"


class Overexposed(OtherMode):
    name = "over-exposed"
    mode = "bright"


PICTURE_FAULTS = (Frozen(), Dark(), Overexposed())
