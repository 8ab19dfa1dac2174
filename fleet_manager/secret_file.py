"""Secrets of a site, each in a file of its own: `site.toml` names the file, and nothing that is printed holds it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator, SecretStr

LONGEST: Final = 4096
"""Characters; more is another file than was meant."""


def read_secret(name: object) -> SecretStr:
    """The one line in a file, without the spaces around it.

    Raises:
        ValueError: no file can be read there, or it holds no single line. What it holds is not repeated.
    """
    if not isinstance(name, str) or not name:
        raise ValueError(f"wanted the name of a file that holds a secret, found {type(name).__name__}")
    try:
        text = Path(name).read_text("utf-8").strip()
    except (OSError, ValueError) as err:
        why = err.strerror if isinstance(err, OSError) else "no text"
        raise ValueError(f"wanted a secret in {name}, found {why}: correct the path") from err
    if not text or len(text) > LONGEST or not text.isprintable():
        raise ValueError(f"wanted one line in {name}, found none or another content: put the secret alone there")
    return SecretStr(text)


SecretFile = Annotated[SecretStr, BeforeValidator(read_secret)]
"""In the file of the site a path, in the values that travel the secret; `repr` shows neither."""
