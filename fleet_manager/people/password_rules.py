"""Which passwords are taken. Pure.

Length and a list of refused ones are what counts; rules of composition only annoy (NIST SP 800-63B-4, 3.1.1.2, which
wants 8 characters beside a second factor and 15 without one). The floor here is twelve, with guesses slowed down
(`log_in_delay`) and each guess at a stolen hash made costly (`passwords`).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from edge_contracts.errors import BadInputError

SHORTEST: Final = 12
"""Characters after NFC."""
LONGEST: Final = 128
"""Characters after NFC."""
RULE: Final = f"At least {SHORTEST} characters. A sentence is easier to remember than signs."
"""For who chooses one."""

_WORDS: Final = """
abc abcdef admin administrator baseball changeme charlie computer default dragon edge factory fleet football guest hello
iloveyou lepton leptonedge letmein login manager master monkey operator passw passwort password princess qwerty
qwertyuiop qwertz root secret shadow sunshine superman system test testing trustno user welcome whatever zaq xsw
"""
COMMONEST: Final = frozenset(_WORDS.split())
"""Words that, alone or repeated, with digits and marks around them, make up the commonest passwords of published
leaks, and the ones that a manager of this name invites."""

_RUNS: Final = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
)
_LEET: Final = str.maketrans("@430157$", "aaeoists")
_LONGEST_REPEATED: Final = 6


def normal_password(password: str) -> str:
    """The form that is hashed: NFC, so that one text typed on two keyboards is one password."""
    return unicodedata.normalize("NFC", password)


def check_password(password: str, name: str) -> str:
    """The normal form of an acceptable new password of the account `name`.

    Raises:
        BadInputError: it is too short, too long, cannot be typed, or one of those that are guessed first.
    """
    normal = normal_password(password)
    if not SHORTEST <= len(normal) <= LONGEST:
        raise BadInputError(f"wanted a password of {SHORTEST} to {LONGEST} characters, found {len(normal)}")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in normal):
        raise BadInputError("wanted a password that can be typed, found control characters in it")
    if _is_guessed_first(normal.casefold(), name.casefold()):
        raise BadInputError(
            "wanted a password that is not among the first to be guessed, found such a one: take a few unrelated words"
        )
    return normal


def _is_guessed_first(password: str, name: str) -> bool:
    unit = _repeated_unit(password)
    if len(unit) <= _LONGEST_REPEATED or _is_run(password):
        return True
    refused = COMMONEST | {name, *re.split(r"[\W\d_]+", name)} - {""}
    spelled_out = re.sub(r"[\W\d_]+$", "", password).translate(_LEET)
    return any(_is_made_of(form, refused) for form in (password, spelled_out))


def _repeated_unit(text: str) -> str:
    """The shortest text that `text` is a repetition of."""
    return text[: (text + text).find(text, 1)]


def _is_run(text: str) -> bool:
    """Whether it only follows the alphabet or a keyboard, forwards or backwards."""
    return any(text in run * 2 or text in run[::-1] * 2 for run in _RUNS)


def _is_made_of(text: str, words: frozenset[str]) -> bool:
    """Whether its letters are nothing but such words, one or more; digits and marks between them count for nothing."""
    spoken = [part for part in re.split(r"[\W\d_]+", text) if part]
    return bool(spoken) and all(_repeated_unit(part) in words or part in words for part in spoken)
