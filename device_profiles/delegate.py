"""The model of an accelerator's rule file: which operators its compiler takes, and within which limits.

The rules are what the maker publishes, each with its source. They are read before anyone buys the board; the maker's
own compiler has the last word.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from device_profiles.figures import DelegateName, Source, SourceKey, Table, Text

OperatorKind = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
TypeName = Literal[
    "int4", "int8", "uint8", "int16", "uint16", "int32", "int64", "float16", "float32", "float64", "bool", "bfloat16"
]
OptionValue = bool | int | float | str
Count = Annotated[int, Field(ge=0)]
Form = Literal["tflite", "onnx"]
Partition = Literal["prefix", "anywhere", "whole"]
Verdict = Literal["runs", "falls_back", "refused", "unknown"]


class Limits(Table):
    """What an operator must keep to; an absent limit limits nothing.

    Attributes:
        types: of activations, read and written; constants do not count.
        source: what says so; absent where the rule's own source does.
    """

    types: Annotated[tuple[TypeName, ...] | None, Field(description="types of activations")] = None
    input_types: Annotated[
        dict[str, tuple[TypeName, ...]] | None, Field(description="types of single inputs, by their place from 0")
    ] = None
    same_types: Annotated[
        tuple[Count, ...], Field(description="places of inputs that must have the type of the first")
    ] = ()
    fixed_shapes: Annotated[bool, Field(description="no axis may be left open")] = False
    max_rank: Annotated[Count | None, Field(description="most axes of any activation")] = None
    max_inner_axes: Annotated[
        Count | None, Field(description="axes longer than 1 may only be so many innermost ones")
    ] = None
    max_vector: Annotated[
        Count | None, Field(description="the input has one axis longer than 1, and it is no longer than this")
    ] = None
    vector_output: Annotated[bool, Field(description="the output has at most one axis longer than 1")] = False
    max_height_width: Annotated[Count | None, Field(description="longest axis of an activation but the first")] = None
    constant_inputs: Annotated[tuple[Count, ...], Field(description="places of inputs that must be constants")] = ()
    zero_inputs: Annotated[tuple[Count, ...], Field(description="places of inputs whose values must all be 0")] = ()
    vector_inputs: Annotated[
        tuple[Count, ...], Field(description="places of inputs of which only the innermost axis may be longer than 1")
    ] = ()
    spares_batch: Annotated[
        bool, Field(description="the axes that the operator works on leave out the first, the batch")
    ] = False
    batch_of_one: Annotated[bool, Field(description="the first axis of an activation is no longer than 1")] = False
    options: Annotated[
        dict[str, tuple[OptionValue, ...]] | None, Field(description="allowed values of the operator's options")
    ] = None
    max_options: Annotated[dict[str, float] | None, Field(description="largest values of the operator's options")] = (
        None
    )
    per_tensor_inputs: Annotated[
        tuple[Count, ...], Field(description="places of inputs that must be quantised per tensor")
    ] = ()
    per_tensor_outputs: Annotated[bool, Field(description="outputs must be quantised per tensor")] = False
    source: SourceKey | None = None


class OperatorRule(Table):
    """What becomes of some kinds of operators.

    Attributes:
        kinds: as the form of file calls them: `CONV_2D`, or ONNX's `Conv`.
        verdict: `runs`, `falls_back` (to the processor), `refused` (no file is made), or `unknown`, where the maker
            says that it depends and not on what.
        limits: what the verdict `runs` holds within; outside of it, what `beyond` says.
        beyond: `falls_back` where absent.
        note: what the maker says besides, told where it matters.
        source: what says so.
    """

    kinds: Annotated[tuple[OperatorKind, ...], Field(min_length=1)]
    verdict: Verdict = "runs"
    limits: Limits = Limits()
    beyond: Verdict = "falls_back"
    note: Text | None = None
    source: SourceKey


class Rules(Table):
    """The rules for one form of file.

    Attributes:
        every: limits of every operator, before its own.
        beyond: what becomes of an operator outside of them.
        unlisted: what becomes of an operator that no rule names.
        operators: rules, each kind in one of them.
        source: what says so.
    """

    every: Limits = Limits()
    beyond: Verdict = "falls_back"
    unlisted: Verdict
    operators: Annotated[tuple[OperatorRule, ...], Field(min_length=1)]
    source: SourceKey

    @model_validator(mode="after")
    def _names_each_kind_once(self) -> Rules:
        kinds = [kind for rule in self.operators for kind in rule.kinds]
        twice = sorted({kind for kind in kinds if kinds.count(kind) > 1})
        if twice:
            raise ValueError(f"wanted each operator in one rule, found {', '.join(twice)} in several")
        return self

    def rule_for(self, kind: str) -> OperatorRule | None:
        """The rule that names this kind of operator."""
        return next((rule for rule in self.operators if kind in rule.kinds), None)


class Carrier(Table):
    """A board that can have the accelerator.

    Attributes:
        board: a board profile's name, absent for a board that has none.
        title: what a person calls the board.
        how: built in, or through what it is connected.
        source: what says so.
    """

    board: DelegateName | None = None
    title: Text
    how: Text
    source: SourceKey


class Delegate(Table):
    """One accelerator with the compiler or delegate that leads to it.

    Attributes:
        name: what `--for` takes.
        title: what a person calls it.
        release: the version of the compiler or delegate that the rules describe.
        partition: `prefix`: one unbroken run of operators, and everything after the first that it does not take runs
            on the processor; `anywhere`: any operator may run on the processor; `whole`: all or nothing.
        edges: operators that convert at the network's ends and may stay on the processor without ending the run.
        edge_advice: what the maker recommends for a network that has some of `edges`.
        advice: what the maker recommends besides and no rule holds.
        source: what says how it partitions.
        rules: by the form of file.
        carriers: boards that can have it.
        sources: what everything names.
    """

    name: DelegateName
    title: Text
    release: Text
    partition: Partition
    edges: tuple[OperatorKind, ...] = ()
    edge_advice: Text | None = None
    advice: tuple[Text, ...] = ()
    source: SourceKey
    rules: Annotated[dict[Form, Rules], Field(min_length=1)]
    carriers: Annotated[tuple[Carrier, ...], Field(min_length=1)]
    sources: dict[SourceKey, Source]
