"""Turn a validation error into sentences: what was wanted, what was found, and the nearest right key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from edge_contracts.model_paths import field_of, kinds_of, models_in, owners_of, takes_any_key
from edge_contracts.pattern_words import words_of
from edge_contracts.unknown_key import meant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

_MAX_SHOWN = 80
_USER = re.compile(r"^(?=[^@]*:)([\w+.-]+://)?.*@", re.DOTALL)
_WANTED, _FOUND = ": wanted ", "; found "

_LENGTHS = {
    "string_too_short": ("at least", "min_length", "character"),
    "string_too_long": ("at most", "max_length", "character"),
    "too_short": ("at least", "min_length", "value"),
    "too_long": ("at most", "max_length", "value"),
}
"""What is wanted where something is too short or too long, by pydantic's name of the error."""

_LIMITS = {
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of {ge} or more",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of {le} or less",
    "literal_error": "{expected}",
    "enum": "{expected}",
}
"""What is wanted where a value has the right type, by pydantic's name of the error."""

_TYPES = {
    "model": "a table of keys",
    "dict": "a table of keys",
    "tuple": "a list",
    "list": "a list",
    "string": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "true or false",
}
"""What is wanted where a value has a wrong type, by the first word of pydantic's name of the error."""


def explain(error: ValidationError, model: type[BaseModel], document: object = None) -> list[str]:
    """Every error of `error`, one sentence each, in the order of the fields.

    Args:
        error: what pydantic raised for `model`.
        model: the model that was asked for; its fields are the candidates of "did you mean".
        document: what was validated, where tables may be of several kinds: a key is sent into none of another kind.
    """
    details = error.errors(include_url=False)
    return _joined(_sentence(detail, model, details, document) for detail in details if not _is_echo(detail, details))


def _joined(sentences: Iterable[str]) -> list[str]:
    """What may be of several kinds is refused by each of them; it is told once, with all that it may be."""
    wishes: dict[tuple[str, str], list[str]] = {}
    for sentence in sentences:
        where, _, rest = sentence.partition(_WANTED)
        wish, _, found = rest.rpartition(_FOUND)
        wishes.setdefault((where, found) if wish else (sentence, ""), []).append(wish)
    return [
        f"{where}{_WANTED}{' or '.join(dict.fromkeys(each))}{_FOUND}{found}" if each[0] else where
        for (where, found), each in wishes.items()
    ]


def _is_echo(detail: ErrorDetails, details: list[ErrorDetails]) -> bool:
    """A list counts as too short when its items are wrong; the items' own errors say it better."""
    inside = len(detail["loc"])
    return detail["type"] == "too_short" and any(
        other["loc"][:inside] == detail["loc"] and len(other["loc"]) > inside for other in details
    )


def _sentence(detail: ErrorDetails, model: type[BaseModel], details: list[ErrorDetails], document: object) -> str:
    where = _place(detail, model)
    if detail["type"] == "extra_forbidden":
        return f"{where}: unknown key{meant(detail, model, details, document)}"
    if detail["type"] == "tuple_type" and isinstance(detail["input"], dict):
        return f"{where}: wanted a table each in double brackets, [[{where}]], found one in single brackets"
    if detail["type"] == "missing":
        return f"{where}: missing; this key is required"
    if detail["type"] in {"union_tag_not_found", "union_tag_invalid"}:
        return f"{where}.kind: wanted {_kinds(detail, model)[1]}, found {_kind_of(detail['input'])}"
    if detail["type"] == "value_error":
        return _refusal(where, detail)
    wish = f"{_wish(detail)}{_shape(detail, model)}{_meaning(detail, model)}"
    return f"{where or 'document'}: {wish}; found {_shown(detail['input'])}"


def _shown(given: object) -> str:
    """What was found, as far as it fits, without the user and the password of an address."""
    found = repr(_without_user(given))
    return found if len(found) <= _MAX_SHOWN else found[:_MAX_SHOWN] + "…"


def _without_user(given: object) -> object:
    """Each text that has a colon before an @ from there on alone: it may be an address, well written or not."""
    if isinstance(given, str):
        return _USER.sub(r"\1…@", given)
    if isinstance(given, dict):
        return {_without_user(key): _without_user(value) for key, value in given.items()}
    return [_without_user(value) for value in given] if isinstance(given, list | tuple) else given


def _place(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """Where it stands in the file; the steps that only pydantic takes, into a kind or a type, are left out."""
    owners, kept, takes_any = [model], [], False
    for step in detail["loc"]:
        fields = [field for owner in owners if (field := field_of(owner, step)) is not None]
        if isinstance(step, int) or fields or takes_any:
            kept.append(step)
        if fields:
            owners = [inner for field in fields for inner in models_in(field.annotation)]
            takes_any = any(takes_any_key(field.annotation) for field in fields)
        elif chosen := [owner for owner in owners if step in kinds_of(owner)]:
            owners = chosen
    if detail["type"] == "extra_forbidden" and kept[-1:] != [detail["loc"][-1]]:
        kept.append(detail["loc"][-1])
    return ".".join(map(str, kept))


def _refusal(where: str, detail: ErrorDetails) -> str:
    """What a validator of ours said: a sentence already, the place where it names none, and a single value."""
    said = detail["msg"].removeprefix("Value error, ")
    if isinstance(detail["input"], str | int | float) and "found" not in said:
        said += f"; found {_shown(detail['input'])}"
    return f"{where}: {said}" if where else said


def _wish(detail: ErrorDetails) -> str:
    """What was wanted, in words; in pydantic's for what is rare."""
    kind, limits = detail["type"], detail.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return f"wanted {words_of(limits['pattern'])}"
    if kind in _LENGTHS:
        bound, limit, unit = _LENGTHS[kind]
        return f"wanted {bound} {_counted(limits[limit], unit)}"
    if kind in _LIMITS:
        return "wanted " + _LIMITS[kind].format_map({name: _number(value) for name, value in limits.items()})
    family = kind.partition("_")[0]
    return f"wanted {_TYPES[family]}" if family in _TYPES else detail["msg"]


def _shape(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """How the table is written whose place something else has taken."""
    if not detail["type"].startswith("model") or not detail["loc"]:
        return ""
    kinds, names = _kinds(detail, model)
    if detail["input"] in kinds:
        return f", as {{ kind = {detail['input']!r}, … }}"
    if kinds:
        return f" whose kind is {names}"
    keys = [name for name, field in owners_of(detail["loc"], model)[0].model_fields.items() if field.is_required()]
    return f", as {{ {', '.join(f'{key} = …' for key in keys)} }}" if keys else ""


def _meaning(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """What a number beyond its limits stands for, where its field says so."""
    if "than" not in detail["type"]:
        return ""
    fields = (field_of(owner, detail["loc"][-1]) for owner in owners_of(detail["loc"][:-1], model))
    told = next((field.description for field in fields if field is not None and field.description), "")
    return f" ({told})" if told else ""


def _number(value: object) -> object:
    """Whole numbers without a point."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _kinds(detail: ErrorDetails, model: type[BaseModel]) -> tuple[list[Any], str]:
    """The kinds that a table may have there, the literal values of `kind` in each model that fits; and in words."""
    owners = owners_of(detail["loc"], model)
    literals = [value for owner in owners for value in kinds_of(owner)]
    return literals, " or ".join(map(repr, literals)) or "another kind"


def _kind_of(given: Any) -> str:
    return _shown(given["kind"]) if isinstance(given, dict) and "kind" in given else "none"
