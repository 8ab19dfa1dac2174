"""How the findings of several models become one. Pure.

A defect of a gate is only a suspicion: the models behind it decide. What a gate lets through as clean they are not
asked about. Any model that could not judge keeps the part from being good:

| rule  | a defect when               | good when                                            | else    |
|-------|-----------------------------|------------------------------------------------------|---------|
| `any` | any model finds one         | every model that was asked says good                 | unknown |
| `all` | every model finds one       | every model could judge, and at least one says good  | unknown |

With a gate that could not judge, a defect is one by the same rule over the other models, and nothing is good.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from edge_contracts.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_runtime.inspection.finding import Finding

Rule: TypeAlias = Literal["any", "all"]


def joined(findings: Sequence[Finding], rule: Rule, gate: Finding | None = None) -> Finding:
    """The finding that decides the part; its reason names what the others said.

    Args:
        findings: of the models that were asked, without the gate, in the order of the configuration; may be empty
            only when a gate said good.
        rule: which models must find a defect.
        gate: what a gate said, None without one.
    """
    voters = list(findings)
    if gate is not None and gate.decision.outcome is Outcome.GOOD:
        voters = [gate, *voters]
    decider = voters[0] if len(voters) == 1 else _by_rule(voters, rule)
    if gate is not None and gate.decision.outcome is Outcome.UNKNOWN and decider.decision.outcome is Outcome.GOOD:
        decider = gate
    return _told(decider, [*([gate] if gate else []), *findings])


def _by_rule(voters: Sequence[Finding], rule: Rule) -> Finding:
    defects, unknowns, goods = (
        [one for one in voters if one.decision.outcome is outcome]
        for outcome in (Outcome.DEFECT, Outcome.UNKNOWN, Outcome.GOOD)
    )
    order = (defects, unknowns, goods) if rule == "any" else (unknowns, goods, defects)
    return next(some[0] for some in order if some)


def _told(decider: Finding, every: Sequence[Finding]) -> Finding:
    if not decider.model:
        return decider
    others = [f"{one.model} {one.decision.outcome.value}" for one in every if one is not decider]
    beside = f" ({', '.join(others)})" if others else ""
    reason = f"{decider.model}: {decider.decision.reason}{beside}"
    return replace(decider, decision=replace(decider.decision, reason=reason))
