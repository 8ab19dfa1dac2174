"""From what an identity provider says of a person to the grants that they have here. Pure.

Rules are data: whoever has `line-leads` among their `groups` is an operator at plant/hall. Whom no rule knows gets no
grant, and may do nothing. An address of e-mail counts where the provider has verified it, for else people type it
themselves (OpenID Connect Core 5.1, `email_verified`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fleet_manager.people.delegation import normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet_manager.people.roles import Grant

_EMAIL: Final = "email"
_VERIFIED: Final = "email_verified"


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """A grant for whoever has a value in a claim.

    claim: the claim's name, such as `groups`, `roles` or `email`; of nested claims none but the outermost is looked at.
    value: the text that it is, or that stands in its list; compared exactly.
    """

    claim: str
    value: str
    grant: Grant


def grants_of(claims: Mapping[str, object], rules: Iterable[ClaimRule]) -> tuple[Grant, ...]:
    """The grants that a person's verified claims give; a claim that is neither text nor list gives none."""
    proven = {name: claim for name, claim in claims.items() if name != _EMAIL or claims.get(_VERIFIED) is True}
    return normal(rule.grant for rule in rules if _holds(proven.get(rule.claim), rule.value))


def _holds(claim: object, value: str) -> bool:
    if isinstance(claim, str):
        return claim == value
    return isinstance(claim, (list, tuple)) and any(isinstance(each, str) and each == value for each in claim)
