"""Load an accelerator's rules by name or from a file of one's own; every error of the file is told at once."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from device_profiles.delegate import Delegate
from device_profiles.document import parse_document
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from importlib.abc import Traversable

    from device_profiles.board import Profile

_SUFFIX = ".toml"


def delegate_names() -> tuple[str, ...]:
    """The names of the accelerators that the package knows, sorted."""
    return tuple(sorted(entry.name[: -len(_SUFFIX)] for entry in _folder().iterdir() if entry.name.endswith(_SUFFIX)))


def load_delegate(name: str | Path) -> Delegate:
    """Load one accelerator's rules.

    Args:
        name: a name of `delegate_names()`, or the path of a `.toml` file in the same form.

    Raises:
        BadInputError: no such accelerator or file, not TOML, a rule without a source, or an unknown, missing or wrong
            key; all errors of the file at once.
    """
    if isinstance(name, Path) or name.endswith(_SUFFIX) or "/" in name:
        return parse_delegate(_read(Path(name)), str(name))
    if name not in delegate_names():
        raise BadInputError(_unknown(name))
    file = f"{name}{_SUFFIX}"
    return parse_delegate(_folder().joinpath(file).read_text("utf-8"), file)


def parse_delegate(text: str, where: str) -> Delegate:
    """Parse a rule file; `where` is what the errors call it.

    Raises:
        BadInputError: as `load_delegate`.
    """
    return parse_document(text, where, Delegate, kind="delegate's rules", reference="docs/reference/delegates.md")


def delegates_of(profile: Profile) -> tuple[Delegate, ...]:
    """The accelerators that a board has or can carry: its own first, then by name."""
    known = [load_delegate(name) for name in delegate_names()]
    own = profile.accelerator.delegate if profile.accelerator else None
    fitting = [each for each in known if each.name == own or any(c.board == profile.name for c in each.carriers)]
    return tuple(sorted(fitting, key=lambda each: (each.name != own, each.name)))


def _folder() -> Traversable:
    return files("device_profiles").joinpath("delegates")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise BadInputError(
            f"wanted a delegate's rules in {path}, found: {reason}; 'lepton delegate list' names the ones built in"
        ) from error


def _unknown(name: str) -> str:
    known = delegate_names()
    close = get_close_matches(name.lower(), known, n=1)
    hint = f", did you mean {close[0]!r}?" if close else ";"
    return f"wanted one of {', '.join(known)}, found {name!r}{hint} see 'lepton delegate list', or give a .toml file"
