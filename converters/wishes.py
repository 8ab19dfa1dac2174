"""What a user asks of the arithmetic beyond what the board's profile says, and the recipe that both give together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from converters.quantize.ranges import RULES
from converters.quantize.recipe import CONVOLUTIONS, Recipe
from converters.tflite.types import INT4
from converters.treatment import MixedPrecision, computes_float
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from converters.graph import Graph
    from converters.quantize.affine import Affine
    from device_profiles.board import Profile

BEST = "best"
"""Every range rule is tried; the simplest is taken unless another is clearly nearer to the float model."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a network is to be quantised.

    mixed_precision: how many operators stay float: at most so many; `off` for none; `auto` for as few as the gate asks
        for.
    activations: `int8`, or `int16` with int8 weights.
    int4: patterns (`CONV_2D`, `head/*`) for the kinds and output names of operators whose weights become int4.
    calibration_rule: one of `converters.quantize.ranges.RULES`, or `best`.

    Raises:
        BadInputError: no such rule, activations or mixed precision, or int4 weights beside int16 activations.
    """

    mixed_precision: MixedPrecision = "auto"
    activations: Literal["int8", "int16"] = "int8"
    int4: tuple[str, ...] = ()
    calibration_rule: str = BEST

    def __post_init__(self) -> None:
        if self.activations not in {"int8", "int16"}:
            raise BadInputError(f"wanted activations int8 or int16, found {self.activations!r}; give one of them")
        _require_mixed_precision(self.mixed_precision)
        if self.calibration_rule not in {BEST, *RULES}:
            raise BadInputError(
                f"wanted a calibration rule out of {', '.join((BEST, *RULES))}, found {self.calibration_rule!r}"
            )
        # The recipe knows what kernels do with both.
        Recipe(activations=self.activations, int4=self.int4)

    @property
    def rules(self) -> tuple[str, ...] | None:
        """The range rules to try; None for those that the quantizer tries by itself."""
        return None if self.calibration_rule == BEST else (self.calibration_rule,)

    @property
    def of_integers(self) -> tuple[str, ...]:
        """The wishes that only a network that becomes int8 TFLite can have, as the command line calls them."""
        asked = {
            "--mixed-precision": isinstance(self.mixed_precision, int),
            "--activations": self.activations != "int8",
            "--int4": bool(self.int4),
        }
        return tuple(name for name, is_asked in asked.items() if is_asked)


def _require_mixed_precision(wish: object) -> None:
    is_number = isinstance(wish, int) and not isinstance(wish, bool) and wish >= 0
    if wish not in ("auto", "off") and not is_number:
        raise BadInputError(
            f"wanted mixed precision auto, off or a number of operators, found {wish!r}; give one of them"
        )


def recipe_for(profile: Profile, wishes: Wishes, camera_bytes: Affine | None) -> Recipe:
    """How to quantise for a board.

    Args:
        profile: the board's.
        wishes: the user's.
        camera_bytes: the input's int8 parameters with which a camera's bytes go in without arithmetic, where there are
            any; given up for symmetric and for int16 activations, whose zero point is 0.
    """
    wanted, default = profile.quantisation, Recipe()
    by_channel = CONVOLUTIONS if wanted.weights == "per_channel" else ()
    fully_connected = ("FULLY_CONNECTED",) if wanted.fully_connected == "per_channel" else ()
    is_centred = wanted.symmetric or wishes.activations == "int16"
    return Recipe(
        ranges=wishes.rules or default.ranges,
        per_channel=(*by_channel, *fully_connected),
        activations=wishes.activations,
        symmetric=wanted.symmetric,
        int4=wishes.int4,
        input=None if is_centred else camera_bytes,
        float_islands=computes_float(profile) and wishes.mixed_precision != "off",
    )


def notes_on(wishes: Wishes, profile: Profile, made: Graph) -> tuple[str, ...]:
    """What a person who asked for it should know of int16 activations and int4 weights, a sentence each.

    Args:
        wishes: what was asked for.
        profile: the board.
        made: the quantised graph.
    """
    notes = []
    if wishes.activations == "int16" and "int16" not in profile.quantisation.activations:
        notes.append(
            f"int16 activations: the runtimes of {profile.name} have no fast kernels for them (10 to 126 times int8's "
            "time, x86); measure it on the board"
        )
    if wishes.int4:
        kinds = {operator.kind for operator in made.operators if _has_int4_weights(made, operator.inputs)}
        notes.append("int4 weights save bytes and no time: XNNPACK unpacks them (2 to 3.5 times int8's time, x86)")
        if "FULLY_CONNECTED" in kinds and any(runtime.name == "tflite" for runtime in profile.runtimes):
            notes.append("tflite-runtime 2.14 refuses int4 weights of FULLY_CONNECTED: run this bundle with litert")
    return tuple(notes)


def _has_int4_weights(graph: Graph, names: list[str | None]) -> bool:
    return any(name is not None and graph.tensors[name].dtype == INT4 for name in names)
