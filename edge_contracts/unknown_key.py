"""What a key that nobody knows was probably meant to be: a sentence's end, for whoever wrote it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_origin

from pydantic import BaseModel, ValidationError

from edge_contracts.model_paths import field_of, kinds_of, models_in, owners_of

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

_ALIKE = 0.7
"""How much of two keys must be alike, by difflib's ratio: `paht` and `path` are at 0.75, `state` and `site` at 0.67."""


def meant(detail: ErrorDetails, model: type[BaseModel], details: list[ErrorDetails], document: object) -> str:
    """Where the unknown key belongs or what it is nearly called, else all keys that are known there.

    Args:
        detail: pydantic's error of the key.
        model: the model that was asked for.
        details: every error of the document.
        document: what was validated.
    """
    return _table(detail, model) or _home(detail, model, document) or _nearest(detail, model, details)


def _table(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """The tables at the top of the file whose name was nearly hit, when what was given is a table, too."""
    close = get_close_matches(str(detail["loc"][0]), model.model_fields, n=1, cutoff=0.8)
    if len(detail["loc"]) > 1 or not close or not isinstance(detail["input"], dict | list):
        return ""
    return f"; did you mean [[{close[0]}]]?" if get_origin(model.model_fields[close[0]].annotation) is tuple else ""


def _home(detail: ErrorDetails, model: type[BaseModel], document: object) -> str:
    """Where a key belongs that is known one table deeper, and whose value may stand there."""
    (*above, key) = detail["loc"]
    beside = _given(document, above)
    tables = [
        (name, field)
        for owner in owners_of(tuple(above), model)
        for name, field in owner.model_fields.items()
        if any(_takes(inner, key, detail["input"]) for inner in _possible(field, beside.get(name)))
    ]
    if above:
        homes = [f"{name!r}" for name, _ in tables]
    else:
        homes = [f"[[{name}]]" if get_origin(field.annotation) is tuple else f"[{name}]" for name, field in tables]
    return f"; it belongs into {' or '.join(homes)}" if homes else ""


def _given(document: Any, path: list[int | str]) -> dict[str, Any]:
    """The table there; its kind is a step that only pydantic takes."""
    for step in path:
        if isinstance(step, int) and isinstance(document, list | tuple):
            document = document[step]
        elif isinstance(document, dict) and step != document.get("kind"):
            document = document.get(step)
    return document if isinstance(document, dict) else {}


def _possible(field: FieldInfo, given: object) -> list[type[BaseModel]]:
    """The models that a table may be of: of the kind that it has in the file, of its default where it is left out."""
    models = models_in(field.annotation)
    if given is None:
        given = field.default
        if isinstance(given, BaseModel):
            return [type(given)]
        if given is None or field.is_required():
            return models
    tables = given if isinstance(given, list | tuple) else [given]
    kinds = [table.get("kind") for table in tables if isinstance(table, dict)]
    return [each for each in models if not kinds_of(each) or any(kind in kinds_of(each) for kind in kinds)]


def _takes(owner: type[BaseModel], key: int | str, value: object) -> bool:
    """Whether the value could stand under that key; mistakes inside of it count for nothing."""
    if field_of(owner, key) is None:
        return False
    try:
        owner.model_validate({key: value})
    except ValidationError as error:
        inside = {"missing", "value_error"} if isinstance(value, dict) else set()
        own = [each for each in error.errors() if each["loc"][:1] == (key,) and each["input"] is value]
        return all(each["type"] in inside for each in own)
    return True


def _nearest(detail: ErrorDetails, model: type[BaseModel], details: list[ErrorDetails]) -> str:
    """The key that is written alike, else all that there are, and before them the one that may stand for the stranger.

    That is the only key that the table lacks, where nothing else in it is unknown and the value could be its own.
    """
    (*table, key) = detail["loc"]
    owners = owners_of(tuple(table), model)
    known = sorted({field.alias or name for owner in owners for name, field in owner.model_fields.items()})
    if close := get_close_matches(str(key), known, n=1, cutoff=_ALIKE):
        return f"; did you mean {close[0]!r}?"
    beside = [each for each in details if list(each["loc"][:-1]) == table]
    lacking = [each["loc"][-1] for each in beside if each["type"] == "missing"]
    strangers = [each for each in beside if each["type"] == "extra_forbidden"]
    keys = f"known keys are {', '.join(known)}"
    if len(lacking) == len(strangers) == 1 and any(_takes(owner, lacking[0], detail["input"]) for owner in owners):
        return f"; did you mean {lacking[0]!r}? If not, {keys}"
    return f"; {keys}"
