"""Text as every database takes it."""

from __future__ import annotations


def plain_text(text: str) -> str:
    r"""The text with its NULs, and what is no character, as their escapes: PostgreSQL takes neither.

    A part's name may come from a code reader as it is; its alert must be stored like any other.
    """
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
