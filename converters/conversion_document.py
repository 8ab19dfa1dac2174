"""What `lepton convert --json` prints: one document, its JSON Schema in docs/reference/schemas/convert.json."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from edge_contracts.card import Card
from edge_contracts.identifiers import Sha256

if TYPE_CHECKING:
    from converters.conversion import Conversion


class StepTaken(BaseModel):
    """One step of the conversion.

    Attributes:
        reused: an earlier conversion's result was taken.
        seconds: what it took here, reading or writing the kept result included.
        remark: what was wrong with the kept result; empty as a rule.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    reused: bool
    seconds: Annotated[float, Field(ge=0)]
    remark: str = ""


class ConversionDocument(BaseModel):
    """A conversion that wrote a bundle.

    Attributes:
        bundle: the path as it was given.
        digest: the bundle's name, SHA-256 of its manifest.
        card: the bundle's `card.json`: gate, metrics with either kernels, notes, details.
        steps: in run order.
        replaced: the digest of the bundle that was at that path before; empty where none was.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bundle: str
    digest: Sha256
    card: Card
    steps: tuple[StepTaken, ...]
    replaced: Sha256 | Literal[""] = ""

    @classmethod
    def of(cls, done: Conversion) -> ConversionDocument:
        """The document of one conversion."""
        steps = tuple(StepTaken(**asdict(step)) for step in done.steps)
        return cls(bundle=str(done.path), digest=done.digest, card=done.card, steps=steps, replaced=done.replaced)
