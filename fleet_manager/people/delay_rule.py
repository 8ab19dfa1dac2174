"""How long after how many wrong passwords the next guess may come. Pure.

Nothing locks for ever: each delay ends, and one failure is forgiven every quarter of an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FORGIVEN_EVERY_MS: Final = 15 * 60 * 1000


@dataclass(frozen=True, slots=True)
class DelayRule:
    """The delay doubles with each failure beyond the free ones.

    free: failures without any delay.
    longest_ms: no delay is longer.
    """

    free: int
    longest_ms: int

    @property
    def most(self) -> int:
        """Failures that are counted; more delay no longer, and would only take longer to be forgiven."""
        return self.free + ((self.longest_ms - 1) // 1000).bit_length() + 1

    def delay_ms(self, failures: int) -> int:
        """How long after the last of so many failures nobody may try: 1 s after the first that is not free."""
        beyond = min(failures, self.most) - self.free
        return min(1000 << beyond - 1, self.longest_ms) if beyond > 0 else 0


@dataclass(frozen=True, slots=True)
class Count:
    """Failures that count, as the database keeps them; times are milliseconds since 1970 UTC.

    counted_ms: up to when failures were forgiven. free_from_ms: when the next guess may come.
    """

    failures: int
    counted_ms: int
    free_from_ms: int

    def at(self, now_ms: int, rule: DelayRule) -> Count:
        """What is left of it now; a clock that was set back keeps nobody out for longer than the rule does."""
        if self.counted_ms > now_ms or self.free_from_ms > now_ms + rule.longest_ms:
            return Count(self.failures, now_ms, now_ms)
        periods = (now_ms - self.counted_ms) // FORGIVEN_EVERY_MS
        left = max(0, self.failures - periods)
        return Count(left, self.counted_ms + periods * FORGIVEN_EVERY_MS if left else now_ms, self.free_from_ms)

    def failed(self, now_ms: int, rule: DelayRule) -> Count:
        """One failure more."""
        now = self.at(now_ms, rule)
        failures = min(now.failures + 1, rule.most)
        return Count(failures, now.counted_ms, now_ms + rule.delay_ms(failures))

    def forgiven(self, now_ms: int, rule: DelayRule) -> Count:
        """One failure less: it was none."""
        now = self.at(now_ms, rule)
        return Count(max(0, now.failures - 1), now.counted_ms, now_ms)


PAIR: Final = DelayRule(free=3, longest_ms=15 * 60 * 1000)
"""One account from one address: somebody who tries passwords, or has forgotten theirs."""
ADDRESS: Final = DelayRule(free=30, longest_ms=15 * 60 * 1000)
"""All accounts from one address: somebody who tries names, or a factory behind one router."""
ACCOUNT: Final = DelayRule(free=20, longest_ms=30 * 1000)
"""One account from all addresses where its person has never logged in: many machines that try one account. Short, so
that the person, too, gets in from a new place."""
