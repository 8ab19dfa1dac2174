"""Load a board's profile by name or from a file of one's own; every error of the file is told at once."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from device_profiles.board import Profile
from device_profiles.document import parse_document
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from importlib.abc import Traversable

_SUFFIX = ".toml"


def profile_names() -> tuple[str, ...]:
    """The names of the boards that the package knows, sorted."""
    return tuple(sorted(entry.name[: -len(_SUFFIX)] for entry in _boards().iterdir() if entry.name.endswith(_SUFFIX)))


def load_profile(name: str | Path) -> Profile:
    """Load one profile.

    Args:
        name: a name of `profile_names()`, or the path of a `.toml` file in the same form.

    Raises:
        BadInputError: no such board or file, not TOML, a figure without a source, or an unknown, missing or wrong
            key; all errors of the file at once.
    """
    if _is_path(name):
        return parse_profile(_read(Path(name)), str(name))
    if name not in profile_names():
        raise BadInputError(_unknown(str(name)))
    board = f"{name}{_SUFFIX}"
    return parse_profile(_boards().joinpath(board).read_text("utf-8"), board)


def parse_profile(text: str, where: str) -> Profile:
    """Parse a board file.

    Args:
        text: the file's TOML.
        where: what the errors call the file.

    Raises:
        BadInputError: as `load_profile`.
    """
    return parse_document(text, where, Profile, kind="board profile", reference="docs/reference/profiles.md")


def _boards() -> Traversable:
    return files("device_profiles").joinpath("boards")


def _is_path(name: str | Path) -> bool:
    return isinstance(name, Path) or name.endswith(_SUFFIX) or "/" in name


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise BadInputError(
            f"wanted a board profile in {path}, found: {reason}; 'lepton profile list' names the ones that are built in"
        ) from error


def _unknown(name: str) -> str:
    known = profile_names()
    close = get_close_matches(name.lower(), known, n=1)
    hint = f", did you mean {close[0]!r}? See" if close else "; see"
    return (
        f"wanted one of {', '.join(known)}, found {name!r}{hint} "
        "'lepton profile list', or give the path of your own .toml file"
    )
