"""Which integers the activations are: whose operator rules hold, and how a range becomes a scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.quantize.affine import INT8_BITS, INT16_BITS, Affine
from converters.quantize.operator_rules import INT16_RULES, RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from converters.quantize.operator_rules import OperatorRule
    from converters.quantize.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """int8, int8 with zero point 0, or int16 with zero point 0."""

    bits: int
    symmetric: bool

    @classmethod
    def of(cls, recipe: Recipe) -> Arithmetic:
        """What a recipe asks for."""
        is_wide = recipe.activations == "int16"
        return cls(INT16_BITS if is_wide else INT8_BITS, recipe.symmetric or is_wide)

    @property
    def rules(self) -> Mapping[str, OperatorRule]:
        """By operator kind; an operator without a rule stays float."""
        return INT16_RULES if self.bits == INT16_BITS else RULES

    def affine(self, lowest: float, highest: float) -> Affine:
        """The finest parameters for a range of real values."""
        return Affine.symmetric(lowest, highest, self.bits) if self.symmetric else Affine.of_range(lowest, highest)
