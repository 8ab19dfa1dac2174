"""Targets of a log-in: pages of this manager, whatever an address asks for. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit


def own_path(target: str) -> str:
    """A path of this manager; anything that leads elsewhere becomes the overview."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    is_own = not parts.scheme and not parts.netloc and target.startswith("/") and "\\" not in target
    return target if is_own and not target.startswith("//") and target.isprintable() else "/"
