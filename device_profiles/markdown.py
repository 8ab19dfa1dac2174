"""Tables in Markdown for the reference pages: of a model's keys, and of anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic.fields import FieldInfo

    from device_profiles.figures import Table


def keys_of(title: str, model: type[Table]) -> str:
    """A section on the keys of one table of a file, with each field's description or its docstring's sentence."""
    rows = [
        (f"`{key}`", "yes" if field.is_required() else "no", _meaning(model, key, field))
        for key, field in model.model_fields.items()
    ]
    return f"### Keys of {title}\n\n{table(('key', 'required', 'meaning'), rows)}"


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A header and rows as a table that ends with a line break."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def _meaning(model: type[Table], key: str, field: FieldInfo) -> str:
    return field.description or _attributes(model).get(key) or ""


def _attributes(model: type[Table]) -> dict[str, str]:
    """The `Attributes:` section of a docstring: key to sentence, continuation lines joined."""
    found: dict[str, str] = {}
    _, _, section = (model.__doc__ or "").partition("Attributes:\n")
    for line in section.splitlines():
        key, colon, meaning = line.strip().partition(": ")
        if colon and key in model.model_fields:
            found[key] = meaning
        elif found and line.strip():
            last = next(reversed(found))
            found[last] = f"{found[last]} {line.strip()}"
    return found
