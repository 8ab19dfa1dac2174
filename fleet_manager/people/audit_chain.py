"""The audit log as a chain: what an entry's digest covers, and where a chain is broken. Pure.

Each digest is the SHA-256 of the entry's canonical JSON, which holds the digest of the entry before. So no entry can be
changed, removed, added or moved without every later digest changing, and who has kept an old head sees that as well.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

ORIGIN: Final = "0" * 64
"""What the first entry has for the digest of the one before."""
TEXT_CHARACTERS: Final = 8_000
_HEAD: Final = re.compile(r"([0-9]{1,18}) ([0-9a-f]{64})")
_UNSTORABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class Result(str, Enum):
    """How it ended."""

    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Entry:
    """One act of somebody.

    seq: 1 for the first, without a hole.
    at_ms: wall clock, milliseconds since 1970 UTC; the order is `seq`, never time.
    kind, name: who, as a `Principal` has it.
    action: what, a few words such as `log in`. object: on what, such as `account:anna`.
    site: where, `org/site` or `*`. result: `done` or `refused`. detail: more of it, for people.
    former: the digest of the entry before.
    """

    seq: int
    at_ms: int
    kind: str
    name: str
    action: str
    object: str
    site: str
    result: str
    detail: str
    former: str

    def check(self) -> None:
        """Refuse what cannot be kept as it is.

        Raises:
            BadInputError: a text is too long, or has characters that no database keeps.
        """
        for text in (self.name, self.action, self.object, self.detail):
            if len(text) > TEXT_CHARACTERS or _UNSTORABLE.search(text):
                raise BadInputError(
                    f"wanted at most {TEXT_CHARACTERS} printable characters for the audit log, found {text[:40]!r}"
                )

    def canonical(self) -> bytes:
        """RFC 8785's form, which for texts and whole numbers is: sorted keys, no spaces, UTF-8."""
        # What somebody forced into a column (SQLite takes any type) has no canonical form: it fits no digest.
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=repr)
        return text.encode()

    def digest(self) -> str:
        """SHA-256 of the canonical form, 64 hexadecimal characters."""
        return hashlib.sha256(self.canonical()).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: its last number and digest; kept elsewhere, the proof that nothing before it changed."""

    seq: int = 0
    digest: str = ORIGIN

    def __str__(self) -> str:
        return f"{self.seq} {self.digest}"

    @staticmethod
    def from_text(text: str) -> Head:
        """Read what `str` wrote.

        Raises:
            BadInputError: it is no head.
        """
        found = _HEAD.fullmatch(text.strip())
        if found is None:
            raise BadInputError(f"wanted a head of the audit log (a number and a digest), found {text[:80]!r}")
        return Head(int(found[1]), found[2])


@dataclass(frozen=True, slots=True)
class Break:
    """The first entry at which the chain does not hold, and why."""

    seq: int
    why: str


def first_break(kept: Iterable[tuple[Entry, str]], head: Head, known: Head | None = None) -> Break | None:
    """Walk the chain from its first entry; None when it holds.

    Args:
        kept: every entry with the digest that is kept beside it, in order of `seq`.
        head: the end as the database has it.
        known: an end that was exported earlier.
    """
    last = Head()
    for entry, digest in kept:
        found = _break_at(last, entry, digest, known)
        if found is not None:
            return found
        last = Head(entry.seq, digest)
    for wanted, whose in ((head, "the log's head"), (known or last, "the exported head")):
        if wanted.seq > last.seq:
            return Break(last.seq + 1, f"missing: {whose} names {wanted.seq} entries, found {last.seq}")
    if head != last:
        return Break(last.seq, f"beyond the log's head, which names {head.seq} entries, or not the one that it names")
    return None


def _break_at(last: Head, entry: Entry, digest: str, known: Head | None) -> Break | None:
    if entry.seq != last.seq + 1:
        return Break(last.seq + 1, f"missing: after entry {last.seq} comes entry {entry.seq}")
    if entry.digest() != digest:
        return Break(entry.seq, "changed: its digest is not that of its content")
    if entry.former != last.digest:
        return Break(entry.seq, f"does not follow entry {last.seq}: one of the two was replaced")
    if known is not None and known.seq == entry.seq and known.digest != digest:
        return Break(entry.seq, "not the entry whose digest was exported: the log was rewritten")
    return None
