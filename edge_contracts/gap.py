"""The loss ledger: which alerts a device gave up, and why; the sequences that a gap covers count as stored."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from edge_contracts.identifiers import Epoch
from edge_contracts.message import SEQ_MAX, Event, Payload, Seq

GAP_TYPE: Final = "lepton.gap.v1"
MAX_RANGES = 64


class GapReason(str, Enum):
    """Why sequences will never arrive; `statistics-shed` are minutes of `stats`, `shed` are alerts."""

    SHED = "shed"
    STATISTICS = "statistics-shed"
    FREED = "acknowledged-and-freed"
    DAMAGED = "damaged"
    REFUSED = "refused-by-manager"


class SeqRange(Payload):
    """An inclusive range of sequence numbers."""

    first: Seq
    last: Seq

    @model_validator(mode="after")
    def _in_order(self) -> SeqRange:
        if self.last < self.first:
            raise ValueError(f"wanted first <= last, found {self.first} > {self.last}")
        return self


class Gap(Payload):
    """Exact ranges that the spool no longer holds, in the epoch that they belonged to."""

    of_epoch: Epoch
    ranges: Annotated[tuple[SeqRange, ...], Field(min_length=1, max_length=MAX_RANGES)]
    count: Annotated[int, Field(ge=1, le=SEQ_MAX)]
    why: GapReason

    @model_validator(mode="after")
    def _count_is_exact(self) -> Gap:
        covered = sum(r.last - r.first + 1 for r in self.ranges)
        if covered != self.count:
            raise ValueError(f"wanted count = {covered}, the length of the ranges, found {self.count}")
        return self


class GapEvent(Event[Gap]):
    """A gap in its envelope, with a sequence of its own."""

    type: Literal["lepton.gap.v1"] = GAP_TYPE
