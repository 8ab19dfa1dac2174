"""What speaks against a model that judges all the same: told as the daemon starts, and by `lepton doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from edge_contracts.bundle import CARD
from edge_contracts.card import Card
from edge_runtime.inspection.far_threshold import far_from_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_contracts.station import Point
    from edge_runtime.infer.predictor import Predictor

_ACCURACY: Final = "a bundle whose accuracy was measured"


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason: what was found, what was wanted, what to do next."""

    found: str
    wanted: str
    next_step: str

    def __str__(self) -> str:
        return f"wanted {self.wanted}, found: {self.found}; {self.next_step}"


def doubts(view: Point, predictor: Predictor) -> Iterator[Doubt]:
    """Of a configured threshold, and of what the bundle's card says of its gate; a bundle without a card: nothing.

    Args:
        view: the point as the model has it.
        predictor: the model.
    """
    if view.threshold is not None and (found := far_from_bundle(view.threshold, predictor.manifest.rule)):
        step = "mend the threshold, or take it out and the bundle's own is in force"
        yield Doubt(found, "a threshold near the bundle's own", step)
    card = _card(predictor.member(CARD))
    verdict = card.gate.verdict if card is not None and card.gate is not None else ""
    if verdict == "forced":
        found = f"the gate refused {view.bundle}, and it was packed with --force"
        yield Doubt(found, _ACCURACY + " and held", "'lepton bundle inspect' tells why; convert it without --force")
    if verdict == "reported":
        found = f"{view.bundle} was calibrated with random inputs, for size and speed work only"
        yield Doubt(found, _ACCURACY, "convert it with --calibration of real inputs")


def _card(content: bytes | None) -> Card | None:
    """A card is no contract: one that cannot be read says nothing."""
    try:
        return None if content is None else Card.model_validate_json(content)
    except ValidationError:
        return None
