"""An alert: one inspection that was not good."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from edge_contracts.identifiers import Sha256, Slug
from edge_contracts.message import COUNT_MAX, SEQ_MAX, Event, Payload
from edge_contracts.verdict import Cause, Outcome

ALERT_TYPE: Final = "lepton.alert.v1"


class Severity(str, Enum):
    """How soon a person must act."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class EvidenceKind(str, Enum):
    """What a piece of evidence shows: the picture as it was, or with a heat map or boxes drawn over it."""

    IMAGE = "image"
    HEAT_MAP = "heat-map"
    BOXES = "boxes"
    SOUND = "sound"


class Evidence(Payload):
    """A file that backs an alert, named by its content; the alert never waits for it."""

    kind: EvidenceKind
    sha256: Sha256
    media_type: Annotated[str, StringConstraints(max_length=64)]
    bytes: Annotated[int, Field(ge=1, le=SEQ_MAX)]


class AlikePart(Payload):
    """A known part that looks like the judged one.

    Attributes:
        part: a taught part's name, or the bundle's member with its picture, such as `known/good-03.jpg`.
        distance: 1 is how far good parts usually lie from their nearest.
    """

    kind: Literal["good", "defective"]
    part: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    distance: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Alert(Payload):
    """The part, what was decided, by which model, and where the pictures are.

    Attributes:
        count: inspections that this alert stands for: consecutive unknowns with one cause, or defects that were held
            back until now; what else it says is of the last of them.
        lessons: revision of what the board was taught and heard for this verdict, None where it heard nothing.
        alike: the known good and the known defective part that look most like it.
    """

    point: Slug
    part: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    outcome: Literal[Outcome.DEFECT, Outcome.UNKNOWN]
    cause: Cause
    reason: Annotated[str, StringConstraints(max_length=512)]
    severity: Severity = Severity.WARNING
    model: Sha256 | None = None
    label: Annotated[str, StringConstraints(max_length=128)] | None = None
    score: Annotated[float, Field(allow_inf_nan=False)] | None = None
    threshold: Annotated[float, Field(allow_inf_nan=False)] | None = None
    latency_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    count: Annotated[int, Field(ge=1, le=COUNT_MAX)] = 1
    lessons: Annotated[int, Field(ge=0, le=SEQ_MAX)] | None = None
    alike: Annotated[tuple[AlikePart, ...], Field(max_length=4)] = ()
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=8)] = ()

    @model_validator(mode="after")
    def _cause_fits_outcome(self) -> Alert:
        if self.cause is Cause.CLEAN or (self.cause is Cause.THRESHOLD) != (self.outcome is Outcome.DEFECT):
            raise ValueError(f"an alert of {self.outcome.value} cannot have the cause {self.cause.value}")
        return self


class AlertEvent(Event[Alert]):
    """An alert in its envelope."""

    type: Literal["lepton.alert.v1"] = ALERT_TYPE
