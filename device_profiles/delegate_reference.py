"""The page docs/reference/delegates.md, written from the models and the rule files so that it cannot drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device_profiles.delegate import Carrier, Delegate, OperatorRule, Rules
from device_profiles.delegate_files import delegate_names, load_delegate
from device_profiles.delegate_limits import Limits
from device_profiles.figures import Source
from device_profiles.markdown import keys_of, table

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEAD = """\
# Accelerators

Written by `make docs`; change `device_profiles/delegates/*.toml` or the models, not this page.

`lepton delegate check MODEL` tells which operators of a network an accelerator runs, which fall back to the processor
and which its compiler refuses, before anyone buys the board. The rules are what the makers publish, each with its
source, for the release that is named; the maker's own compiler has the last word. `--for` takes the path of your own
`.toml` file as well.

Four things may become of an operator: it **runs** on the accelerator, it **falls back** to the processor, it is
**refused** (no program is made of a network with it), or it is **unknown**, because nobody says. An unknown is no yes:
the command leaves with 1.

What a maker limits is data here, and each limit is checked against the network: words cannot be, so a rule that says
`runs` has none. Where a maker says that it depends and not on what, where no model file shows it, or where the model
leaves open what a limit asks about (a shape, a type, a constant's values), the operator is unknown.
"""

_PARTITIONS = {
    "prefix": "One unbroken run of operators; everything after the first that it does not take is the processor's.",
    "anywhere": "Any operator may run on the processor, and the network goes back and forth.",
    "whole": "All or nothing: nothing falls back by itself.",
}

_PARTS = (
    ("the file", Delegate),
    ("`[rules.FORM]`", Rules),
    ("`[[rules.FORM.operators]]`", OperatorRule),
    ("`limits` and `[rules.FORM.every]`", Limits),
    ("`[[carriers]]`", Carrier),
    ("`[sources.KEY]`", Source),
)

_WORDS = {"runs": "runs", "falls_back": "falls back", "refused": "refused", "unknown": "unknown"}


def reference() -> str:
    """The whole page, in Markdown."""
    known = [_delegate(load_delegate(name)) for name in delegate_names()]
    parts = [keys_of(title, model) for title, model in _PARTS]
    return "\n".join([_HEAD, *known, "## The form of a rule file\n", *parts])


def _delegate(delegate: Delegate) -> str:
    carriers = [(c.title, f"`{c.board}`" if c.board else "", c.how, c.source) for c in delegate.carriers]
    sources = [(key, source.title, source.at, source.quote or "") for key, source in delegate.sources.items()]
    told = (*filter(None, [delegate.edge_advice]), *delegate.advice)
    return "\n".join(
        [
            f"## `{delegate.name}`: {delegate.title}\n",
            f"Rules of {delegate.release}. {_PARTITIONS[delegate.partition]}\n",
            *(f"- {advice}" for advice in told),
            *([""] if told else []),
            *(_rules(form, rules) for form, rules in delegate.rules.items()),
            table(("board", "profile", "how", "source"), carriers),
            table(("source", "what", "where", "words"), sources),
        ]
    )


def _rules(form: str, rules: Rules) -> str:
    rows = [
        (_WORDS[rule.verdict], ", ".join(rule.kinds), _within(rule), rule.note or "", rule.source)
        for rule in rules.operators
    ]
    every = _told(rules.every) or "none"
    head = f"{form}: an operator that is not listed: {_WORDS[rules.unlisted]}; limits of every operator: {every}.\n"
    return "\n".join([head, table(("fate", "operators", "limits", "why not", "source"), rows)])


def _within(rule: OperatorRule) -> str:
    """The limits with what lies beyond them, where that is no falling back."""
    told = _told(rule.limits)
    return f"{told}; beyond: {_WORDS[rule.beyond]}" if told and rule.beyond != "falls_back" else told


def _told(limits: Limits) -> str:
    """The limits that are set, as the file has them."""
    found = limits.model_dump(mode="json", exclude_defaults=True, exclude={"source"})
    return "; ".join(f"`{key}` {_value(value)}" for key, value in found.items())


def _value(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(each)}" for key, each in value.items())
    return _listed(value) if isinstance(value, (list, tuple)) else str(value).lower()


def _listed(values: Iterable[object]) -> str:
    return "/".join(str(each) for each in values)
