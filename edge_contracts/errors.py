"""The errors of the house, grouped by what the caller can do about them.

Each message says what was wanted, what was found and what to do next. A specific error is both the project's and
Python's kind, so `except ValueError` and `except LeptonError` both catch it.
"""

from __future__ import annotations


class LeptonError(Exception):
    """Anything the house says no to; the command line prints it and leaves with code 2."""


class BadInputError(LeptonError, ValueError):
    """A file, message or value from outside is not what was wanted: mend it and try again."""


class MissingExtraError(LeptonError, ImportError):
    """A part that was asked for is not installed; the message names the extra that brings it."""


class RefusedError(LeptonError):
    """The work was done and the answer is no (gate, check, verification); leaves with code 1."""


class OutageError(LeptonError):
    """Something outside does not answer just now, and the same may work later; leaves with code 1."""
