"""The model card: what was measured when the bundle was made. It lies outside the digest, because times differ."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Finite = Annotated[float, Field(allow_inf_nan=False)]


class CardPart(BaseModel):
    """A piece of the card; a newer writer may add fields."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class PrecisionShare(CardPart):
    """How much of the network runs, and is stored, in one precision."""

    precision: str
    operators: Annotated[int, Field(ge=0)]
    bytes: Annotated[int, Field(ge=0)]


class Measurement(CardPart):
    """One figure, with how it was come by.

    Attributes:
        how: `measured` on the machine named in `where`, or `estimated`.
        low, high: the interval, where one is known.
    """

    name: str
    value: Finite
    unit: str
    how: Literal["measured", "estimated"] = "measured"
    where: str = ""
    low: Finite | None = None
    high: Finite | None = None


class GateResult(CardPart):
    """What the gate compared, and its answer.

    Attributes:
        verdict: `passed`, `refused`, `forced` (refused, and packed on the user's word) or `reported` (random
            calibration: nothing to judge by).
        reasons: one sentence per limit that was crossed.
        kernels: whose arithmetic was judged, such as `litert 2.3.0, xnnpack`; empty in older cards.
    """

    verdict: Literal["passed", "refused", "forced", "reported"]
    reasons: tuple[str, ...] = ()
    samples: Annotated[int, Field(ge=0)]
    kernels: str = ""


class Card(CardPart):
    """Accuracy, size, speed and memory of one bundle.

    Attributes:
        metrics: each figure once; `_float` is the float model's, `_builtin` the artefact's with the runtime's builtin
            kernels instead of its default ones.
        details: findings by topic, absent where nobody looked. `doctor`: noise by operator, what was tried, float
            islands. `sparsity`: weights that are zero. `size`: files on the way, constants by operator kind.
            `confusion`: labels, and per cell label, answer, float inputs, artefact inputs. `calibration`: how
            representative the inputs are. `preprocessing`: what was folded into the network. `delegates`: what
            accelerators would run. Their form may grow.
    """

    created: AwareDatetime
    tool: str
    profile: str
    calibration: str
    gate: GateResult | None = None
    precision: tuple[PrecisionShare, ...] = ()
    metrics: tuple[Measurement, ...] = ()
    notes: tuple[str, ...] = ()
    details: dict[str, Any] = {}
