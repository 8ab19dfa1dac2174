"""The workbench: a float graph, observed once, from which an integer graph is made for any settled recipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.quantize.arithmetic import Arithmetic
from converters.quantize.calibrate import observe
from converters.quantize.equalisation import equalise
from converters.quantize.feeds import part, spread
from converters.quantize.float16 import store_constants_as_float16
from converters.quantize.islands import float_islands
from converters.quantize.operator_rules import INT4_KINDS
from converters.quantize.precision import becomes_integer, computes_in_float, matches
from converters.quantize.ranges import RULES
from converters.quantize.refinement import refine
from converters.quantize.rewrite import Decisions, rewrite
from converters.quantize.scales import assign_scales
from converters.quantize.soundness import check_int8
from converters.quantize.unlike_parts import joins_anything, unlike_joins
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from converters.execute import Feed
    from converters.graph import Graph
    from converters.quantize.affine import Affine
    from converters.quantize.calibrate import Child, Listener, Observed
    from converters.quantize.operator_rules import OperatorRule
    from converters.quantize.ranges import Range
    from converters.quantize.recipe import Recipe

EQUALISED_SAMPLES = 32
"""An equalised graph is observed over so many feeds at most: 20 give the same ranges as 100 (measured)."""

_FLOAT = np.dtype("f4")


@dataclass(frozen=True, slots=True)
class _Subject:
    """A float graph, what was seen of it, and the ranges that each rule has made of that so far."""

    graph: Graph
    seen: Observed
    _ranges: dict[str, Mapping[str, Range]] = field(default_factory=dict)

    def ranges(self, rule: str) -> Mapping[str, Range]:
        if rule not in self._ranges:
            self._ranges[rule] = {name: RULES[rule](one) for name, one in self.seen.activations.items()}
        return self._ranges[rule]


@dataclass(slots=True)
class Workbench:
    """Makes integer graphs.

    Example:
        bench = Workbench(prepare(graph), feeds, child)
        mixed = bench.integer_graph(Recipe(ranges=("mse",), keep_float=("CONV_2D",)))

    prepared: the float graph, as `prepare` gives it. feeds: those to calibrate with.
    child, progress, listener: see `converters.quantize.calibrate.observe`.
    """

    prepared: Graph
    feeds: Sequence[Feed]
    child: Child
    progress: Callable[[float], None] = lambda _done: None
    listener: Listener | None = None
    _subjects: dict[tuple[str, ...] | None, _Subject] = field(default_factory=dict)
    _integer: dict[tuple[Any, ...], frozenset[str]] = field(default_factory=dict)

    def integer_outputs(self, recipe: Recipe) -> frozenset[str]:
        """The first output of each operator that becomes integer: its name in all that follows.

        Raises:
            BadInputError: the model is integer already, or has no operator with an integer form.
        """
        key = recipe.activations, recipe.keep_float, recipe.float_islands
        if key not in self._integer:
            self._integer[key] = self._find_integer_outputs(recipe)
        return self._integer[key]

    def _find_integer_outputs(self, recipe: Recipe) -> frozenset[str]:
        graph, rules = self.prepared, Arithmetic.of(recipe).rules
        if not any(computes_in_float(graph, operator) for operator in graph.operators):
            raise BadInputError("this model is already integer; give the float model that it was made from")
        keep_float = recipe.keep_float
        if keep_float is None:
            takes_integers = all(graph.tensors[name].quantization is not None for name in graph.inputs)
            keep_float = ("*",) if takes_integers else ()
        integer = {op.outputs[0] for op in graph.operators if becomes_integer(graph, op, keep_float, rules)}
        if not integer and not keep_float:
            kinds = ", ".join(sorted({operator.kind for operator in graph.operators}))
            raise BadInputError(
                f"wanted an operator with an {recipe.activations} form, found only {kinds}; let this model stay float"
            )
        if not recipe.float_islands or recipe.activations != "int8":
            return frozenset(integer)
        return frozenset(integer) - float_islands(graph) - self._unlike_joins(rules)

    def _unlike_joins(self, rules: Mapping[str, OperatorRule]) -> frozenset[str]:
        if not joins_anything(self.prepared):
            return frozenset()
        return unlike_joins(self.prepared, rules, self._observed(None).seen.activations)

    def integer_graph(self, recipe: Recipe) -> Graph:
        """The integer graph of a settled recipe: its first range rule, and no search.

        Raises:
            BadInputError: see `integer_outputs`.
        """
        integer = self.integer_outputs(recipe)
        self._refuse_unused_int4(recipe, integer)
        subject = self._subject(recipe)
        ranges = subject.ranges(recipe.ranges[0])
        chosen = [operator for operator in subject.graph.operators if operator.outputs[0] in integer]
        fixed = self._fixed(recipe)
        scales = {**fixed, **assign_scales(subject.graph, chosen, ranges, fixed, Arithmetic.of(recipe))}
        graph = rewrite(subject.graph, Decisions(integer, scales, subject.seen.patches, recipe))
        if recipe.rounding == "second-order" or recipe.measured_bias:
            graph = refine(subject.graph, graph, part(self.feeds)[0], recipe)
        if recipe.float16_constants:
            store_constants_as_float16(graph)
        check_int8(graph)
        return graph

    def _refuse_unused_int4(self, recipe: Recipe, integer: frozenset[str]) -> None:
        able = [op for op in self.prepared.operators if op.kind in INT4_KINDS and op.outputs[0] in integer]
        idle = [pattern for pattern in recipe.int4 if not any(matches(operator, (pattern,)) for operator in able)]
        if idle:
            raise BadInputError(
                f"wanted an operator with a kernel for int4 weights ({', '.join(sorted(INT4_KINDS))}), found none that "
                f"{', '.join(idle)} names; mend the pattern"
            )

    def _fixed(self, recipe: Recipe) -> dict[str, Affine]:
        if recipe.input is None:
            return {}
        return {name: recipe.input for name in self.prepared.inputs if self.prepared.tensors[name].dtype == _FLOAT}

    def float_graph(self, recipe: Recipe) -> Graph:
        """The float graph that `integer_graph` rewrites: the prepared one, equalised where the recipe asks for it."""
        return self._subject(recipe).graph

    def _subject(self, recipe: Recipe) -> _Subject:
        """The graph and what was seen of it, equalised where that is asked for."""
        return self._observed(recipe.per_channel if recipe.equalise else None)

    def _observed(self, equalised: tuple[str, ...] | None) -> _Subject:
        if equalised not in self._subjects:
            self._subjects[equalised] = self._observe(equalised)
        return self._subjects[equalised]

    def _observe(self, equalised: tuple[str, ...] | None) -> _Subject:
        if equalised is None:
            return _Subject(self.prepared, observe(self.prepared, self.feeds, self.child, self.progress, self.listener))
        few = spread(self.feeds, EQUALISED_SAMPLES)
        graph = equalise(self.prepared, few, equalised)
        return _Subject(graph, observe(graph, few, self.child))
