"""A log-in by an identity provider on its way: what the browser keeps meanwhile, in a cookie of ten minutes. Pure.

Who brings a code must bring this cookie, too: a code that somebody slipped in finds none of its state.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from fleet_manager.people.secret_text import new_secret

if TYPE_CHECKING:
    from collections.abc import Callable

LASTS_S: Final = 600
_FIELDS: Final = frozenset({"state", "nonce", "verifier", "target"})
_MOST_TARGET: Final = 1000


@dataclass(frozen=True, slots=True)
class PendingLogIn:
    """state, nonce, verifier: as in `IdentityProvider`. target: the page that somebody wanted to see."""

    state: str
    nonce: str
    verifier: str
    target: str

    def text(self) -> str:
        """For the cookie."""
        return quote(json.dumps(asdict(self)), safe="")

    def fits(self, state: str) -> bool:
        """Whether an answer of the provider is for this log-in; compared in constant time."""
        return hmac.compare_digest(self.state.encode(), state.encode("utf-8", "surrogatepass"))


def begin_log_in(target: str, draw: Callable[[int], bytes]) -> PendingLogIn:
    """A log-in with secrets that nobody has had."""
    wanted = target if len(target) <= _MOST_TARGET else "/"
    return PendingLogIn(new_secret(draw), new_secret(draw), new_secret(draw), wanted)


def pending_log_in(text: str) -> PendingLogIn | None:
    """What a cookie holds; None where it is none of ours."""
    try:
        found = json.loads(unquote(text))
    except ValueError:
        return None
    is_ours = isinstance(found, dict) and found.keys() == _FIELDS
    if not is_ours or not all(isinstance(value, str) and value for value in found.values()):
        return None
    return PendingLogIn(**found)
