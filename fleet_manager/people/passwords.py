"""Passwords as the database keeps them: argon2id.

Parameters: the second recommended choice of RFC 9106, section 4 (64 MiB of memory, 3 passes, 4 lanes, 16 bytes of salt,
32 of tag), above OWASP's floor of 19 MiB and 2 passes. A hash made with other parameters is renewed at the next log-in.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import LeptonError, MissingExtraError
from fleet_manager.people.password_rules import LONGEST, normal_password

if TYPE_CHECKING:
    from argon2 import PasswordHasher

AT_ONCE: Final = 2
"""Hashes computed at the same time: 64 MiB each, so that a flood of log-ins takes no more than 128 MiB."""
PATIENCE_S: Final = 10.0
_NOBODYS: Final = "nobody has this password"


class TooBusy(LeptonError, TimeoutError):
    """So many log-ins are waiting that this one was given up."""


class Passwords:
    """Hashes and verifies, a bounded number at once; made once, because it hashes a password of nobody's for the dummy.

    Args:
        hasher: argon2-cffi's, None for the parameters above.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = _hasher() if hasher is None else hasher
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._dummy = self._hasher.hash(_NOBODYS)

    def digest(self, password: str) -> str:
        """The text to keep for an accepted password; it names its own parameters and salt.

        Raises:
            TooBusy: no turn came within 10 s.
        """
        with _Turn(self._turns):
            return self._hasher.hash(normal_password(password))

    def fits(self, kept: str | None, password: str) -> bool:
        """Whether it is the password; one verification is computed in any case, also when nothing is kept.

        Raises:
            TooBusy: no turn came within 10 s.
        """
        from argon2.exceptions import VerificationError  # noqa: PLC0415 - the command line would wait for it

        asked = normal_password(password)
        is_possible = len(asked) <= LONGEST and _is_text(asked)
        with _Turn(self._turns):
            try:
                self._hasher.verify(kept or self._dummy, asked if is_possible else "")
            except VerificationError:
                return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)


class _Turn:
    """One of the places at the hasher."""

    def __init__(self, turns: threading.BoundedSemaphore) -> None:
        self._turns = turns

    def __enter__(self) -> None:
        if not self._turns.acquire(timeout=PATIENCE_S):
            raise TooBusy(f"wanted to check a password within {PATIENCE_S:.0f} s, found too many others: try again")

    def __exit__(self, *_: object) -> None:
        self._turns.release()


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _hasher() -> PasswordHasher:
    try:
        from argon2 import PasswordHasher  # noqa: PLC0415 - the command line would wait for it
        from argon2.profiles import RFC_9106_LOW_MEMORY  # noqa: PLC0415
    except ImportError as err:
        raise MissingExtraError(
            "wanted argon2-cffi for passwords, found it missing: pip install 'lepton-edge[fleet]'"
        ) from err
    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
