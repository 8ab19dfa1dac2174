"""An accelerator's rules against a network: a fate and a reason for every operator, and where the network splits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from device_profiles.placement.fate import DelegateReport, OperatorFate
from device_profiles.placement.limits import broken_limit
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device_profiles.delegate import Delegate, Form, Rules, Verdict
    from device_profiles.placement.fate import Fate
    from device_profiles.placement.limits import Broken
    from device_profiles.placement.node import Node

_FATES: dict[Verdict, Fate] = {
    "runs": "accelerator",
    "falls_back": "processor",
    "refused": "refused",
    "unknown": "unknown",
}


def check_delegate(delegate: Delegate, form: Form, nodes: Sequence[Node]) -> DelegateReport:
    """Tell what becomes of each operator.

    Args:
        delegate: the accelerator's rules.
        form: of the file that the operators stood in.
        nodes: the operators in run order.

    Raises:
        BadInputError: the accelerator's compiler does not read this form of file.
    """
    rules = delegate.rules.get(form)
    if rules is None:
        raise BadInputError(
            f"wanted {' or '.join(delegate.rules)} for {delegate.name}, found {form}; give the model in that form"
        )
    fates = [_fate(rules, place, node) for place, node in enumerate(nodes)]
    split = _split(fates, delegate.edges)
    if delegate.partition == "prefix" and split is not None:
        fates = [_after(fate, fates[split]) if fate.place > split else fate for fate in fates]
    converts = any(node.kind in delegate.edges for node in nodes)
    at_edges = (delegate.edge_advice,) if delegate.edge_advice and converts else ()
    return DelegateReport(
        delegate.name, delegate.title, delegate.release, tuple(fates), split, (*at_edges, *delegate.advice)
    )


def _fate(rules: Rules, place: int, node: Node) -> OperatorFate:
    verdict, reason = _verdict(rules, node)
    output = node.outputs[0].name if node.outputs else ""
    return OperatorFate(place, node.kind, output, _FATES[verdict], reason)


def _verdict(rules: Rules, node: Node) -> tuple[Verdict, str]:
    rule = rules.rule_for(node.kind)
    if rule is None:
        return rules.unlisted, f"{node.kind} is in no list of its maker that we know"
    reason = rule.note or ""
    if rule.verdict in {"falls_back", "refused"}:
        return rule.verdict, reason
    for limits, beyond in ((rules.every, rules.beyond), (rule.limits, rule.beyond)):
        broken = broken_limit(limits, node)
        if broken is not None:
            return _outside(broken, beyond)
    return rule.verdict, reason


def _outside(broken: Broken, beyond: Verdict) -> tuple[Verdict, str]:
    if broken.is_unread:
        return "unknown", broken.reason
    return beyond, f"{broken.reason}; beyond that nobody says" if beyond == "unknown" else broken.reason


def _split(fates: Sequence[OperatorFate], edges: Sequence[str]) -> int | None:
    """Where the network first leaves the accelerator; conversions before its first operator there do not count."""
    started = False
    for fate in fates:
        runs = fate.fate == "accelerator"
        if not runs and (started or fate.kind not in edges):
            return fate.place
        started = started or runs
    return None


def _after(fate: OperatorFate, first: OperatorFate) -> OperatorFate:
    if fate.fate != "accelerator":
        return fate
    reason = f"comes after {first.kind} at {first.place}, with which the accelerator's one run of operators ends"
    return replace(fate, fate="processor", reason=reason)
