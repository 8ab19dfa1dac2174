"""Rules that call people, and the calls that they made. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from edge_contracts.alert import Severity
from edge_contracts.errors import BadInputError
from edge_contracts.verdict import Cause
from fleet_manager.desk.escalation_rule import Mail, Webhook
from fleet_manager.pages.alert_item import StateView
from fleet_manager.pages.choices import Choice
from fleet_manager.pages.wording import duration, moment_of
from fleet_manager.people.roles import check_site
from fleet_manager.rule_keeping import RuleTerms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from fleet_manager.desk.deliveries import Delivery
    from fleet_manager.desk.escalation_rule import EscalationRule
    from fleet_manager.desk.escalation_rules import KeptRule

_Word = TypeVar("_Word", Severity, Cause)
_WORDS: Final = ("name", "whom", "severity", "sites", "causes", "after_s", "every_s")


@dataclass(frozen=True, slots=True)
class RuleForm:
    """What stands in the form of a rule, as it is sent back."""

    name: str = ""
    whom: str = ""
    severity: str = Severity.CRITICAL.value
    sites: str = ""
    causes: str = ""
    after_s: str = "300"
    every_s: str = "900"


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule; `problem` is why it calls nobody, empty where it does."""

    name: str
    where: str
    about: str
    waits: str
    problem: str
    called: datetime | None
    form: RuleForm


@dataclass(frozen=True, slots=True)
class CallLine:
    """One call."""

    time: datetime
    rule: str
    where: str
    state: StateView
    attempts: int
    error: str


@dataclass(frozen=True, slots=True)
class MadeSecret:
    """A webhook's secret that was just made; shown once."""

    rule: str
    secret: str


@dataclass(frozen=True, slots=True)
class CallsPage:
    """The page; `sites`: known ones, which a rule may name. `older`: where the next page is, empty for none."""

    rules: tuple[RuleLine, ...]
    severities: tuple[Choice, ...]
    sites: tuple[str, ...]
    draft: RuleForm
    secret: MadeSecret | None
    calls: tuple[CallLine, ...]
    older: str


def rule_line(kept: KeptRule, problem: str) -> RuleLine:
    """One rule, in words and as its form has it."""
    rule = kept.rule
    where = ", ".join(rule.sites) if rule.sites else "all sites"
    causes = f", {', '.join(one.value for one in rule.causes)}" if rule.causes else ""
    waits = f"after {duration(rule.after_s)}, every {duration(rule.every_s)} at most"
    called = moment_of(kept.called_ms) if kept.called_ms else None
    graver = "" if rule.severity is Severity.CRITICAL else " or graver"
    about = f"{rule.severity.value}{graver} at {where}{causes}"
    return RuleLine(rule.name, rule.target.where, about, waits, problem, called, _form(rule))


def call_line(one: Delivery) -> CallLine:
    """One call."""
    if one.ended_ms is None:
        state = StateView("new", "on its way")
    else:
        state = StateView("refused", "given up") if one.error else StateView("done", "arrived")
    return CallLine(moment_of(one.made_ms), one.rule, one.where, state, one.attempts, one.error)


def form_of(sent: Mapping[str, str]) -> RuleForm:
    """What somebody sent, for the form that is shown again."""
    return RuleForm(**{word: sent.get(word, "").strip() for word in _WORDS})


def terms_of(form: RuleForm) -> RuleTerms:
    """When the rule of a form calls.

    Raises:
        BadInputError: a field is not what was wanted.
    """
    sites = tuple(_listed(form.sites))
    for site in sites:
        check_site(site)
    return RuleTerms(
        _one_of(Severity, form.severity, "a severity"),
        sites or None,
        tuple(_one_of(Cause, one, "a cause") for one in _listed(form.causes)),
        _seconds(form.after_s, "after"),
        _seconds(form.every_s, "every"),
    )


def target_of(whom: str, new_secret: Callable[[], str]) -> Webhook | Mail | None:
    """Whom the rule of a form calls; None where the field is empty.

    Raises:
        BadInputError: it is neither a URL nor addresses.
    """
    if not whom:
        return None
    return Webhook(whom, new_secret()) if "://" in whom else Mail(tuple(_listed(whom)))


def severity_choices() -> tuple[Choice, ...]:
    """The gravest first."""
    return tuple(Choice(one.value, one.value) for one in reversed(Severity))


def _form(rule: EscalationRule) -> RuleForm:
    whom = rule.target.where if isinstance(rule.target, Mail) else ""
    causes = ", ".join(one.value for one in rule.causes)
    terms = (rule.severity.value, ", ".join(rule.sites or ()), causes, str(rule.after_s), str(rule.every_s))
    return RuleForm(rule.name, whom, *terms)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _one_of(kind: type[_Word], word: str, what: str) -> _Word:
    try:
        return kind(word)
    except ValueError as err:
        known = ", ".join(one.value for one in kind)
        raise BadInputError(f"wanted {what}, found {word[:40]!r}: it is one of {known}") from err


def _seconds(text: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004 - digits, before int() reads them
        raise BadInputError(f"wanted whole seconds for {what!r}, found {text[:40]!r}")
    return int(text)
