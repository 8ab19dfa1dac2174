"""The model of an accelerator's rule file: which operators its compiler takes, and within which limits.

The rules are what the maker publishes, each with its source. They are read before anyone buys the board; the maker's
own compiler has the last word.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from device_profiles.delegate_limits import Limits
from device_profiles.figures import DelegateName, Source, SourceKey, Table, Text

OperatorKind = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
Form = Literal["tflite", "onnx"]
Partition = Literal["prefix", "anywhere", "whole"]
Verdict = Literal["runs", "falls_back", "refused", "unknown"]
NoYes = Literal["falls_back", "refused", "unknown"]


class OperatorRule(Table):
    """What becomes of some kinds of operators.

    Words cannot be checked against a network, so a rule that says `runs` has none: what its maker limits stands in
    `limits`, and where that cannot be (it is not public, or no model file shows it) the verdict is `unknown`.

    Attributes:
        kinds: as the form of file calls them: `CONV_2D`, or ONNX's `Conv`.
        verdict: `runs`, `falls_back` (to the processor), `refused` (no file is made), or `unknown`, where the maker
            says that it depends and not on what.
        limits: what the verdicts `runs` and `unknown` hold within; outside of it, what `beyond` says.
        beyond: `falls_back` where absent.
        note: why it does not run, in words; wanted beside each verdict but `runs`, and refused beside `runs`.
        source: what says so.
    """

    kinds: Annotated[tuple[OperatorKind, ...], Field(min_length=1)]
    verdict: Verdict = "runs"
    limits: Limits = Limits()
    beyond: NoYes = "falls_back"
    note: Text | None = None
    source: SourceKey

    @model_validator(mode="after")
    def _has_no_words_beside_a_yes(self) -> OperatorRule:
        if self.verdict == "runs" and self.note is not None:
            raise ValueError(
                f"wanted what limits {self.kinds[0]} as data in limits, found it as a note, which nothing checks; "
                "where it cannot be data, give the verdict 'unknown'"
            )
        if self.verdict != "runs" and self.note is None:
            raise ValueError(f"wanted a note that says why {self.kinds[0]} does not run, found none")
        return self

    @model_validator(mode="after")
    def _limits_what_depends(self) -> OperatorRule:
        if self.verdict in {"falls_back", "refused"} and self.limits != Limits():
            raise ValueError(f"wanted limits beside the verdict 'runs' or 'unknown', found {self.verdict!r}")
        return self


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
    beyond: NoYes = "falls_back"
    unlisted: NoYes
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
