"""What a card's details say, as far as `lepton bundle inspect` shows it; a newer writer may say more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError

from edge_contracts.card import CardPart, Finite

if TYPE_CHECKING:
    from edge_contracts.card import Card

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]


class LayerNoise(CardPart):
    """One operator: signal to noise of what it loses by itself, in dB, and the share of the noise from weights."""

    name: str
    kind: str
    precision: str
    own_db: Finite
    weight_share: Share


class DoctorDetails(CardPart):
    """What the quantisation doctor found: sentences for people, and every operator in run order."""

    sentences: tuple[str, ...] = ()
    layers: tuple[LayerNoise, ...] = ()

    def worst(self, most: int) -> list[LayerNoise]:
        """Those that lose most by themselves, worst first; operators in float lose nothing."""
        integer = [layer for layer in self.layers if layer.precision != "float32"]
        return sorted(integer, key=lambda layer: layer.own_db)[:most]


class WeightShares(CardPart):
    """Weights, and the shares of them that are not zero, fill zero filters, and are zero among others."""

    weights: Count
    dense: Share
    structured: Share
    unstructured: Share


class SparsityDetails(CardPart):
    """Zeros of the float model, and the channels that were taken out because of them."""

    float_model: Annotated[WeightShares, Field(alias="float")]
    removed_channels: Count = 0


class DelegateDetails(CardPart):
    """What one accelerator would run: operators by their fate."""

    title: str
    fits: bool
    refused: bool
    counts: dict[str, Count]


class CardDetails(CardPart):
    """The parts that are known here; None or empty where a card has none."""

    sparsity: SparsityDetails | None = None
    doctor: DoctorDetails | None = None
    delegates: tuple[DelegateDetails, ...] = ()


def known_details(card: Card) -> CardDetails | None:
    """The card's details, None where they do not have the form that is known here: a card is no contract."""
    try:
        return CardDetails.model_validate(card.details)
    except ValidationError:
        return None
