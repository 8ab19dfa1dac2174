"""Turn a validation error into sentences: what was wanted, what was found, and the nearest right key."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from edge_contracts.pattern_words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

_MAX_SHOWN = 80
_USER = re.compile(r"://.*@")
_ALIKE = 0.7
"""How much of two keys must be alike, by difflib's ratio: `paht` and `path` are at 0.75, `state` and `site` at 0.67."""
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
        meant = _table(detail, model) or _home(detail, model, document) or _nearest(detail, model, details)
        return f"{where}: unknown key{meant}"
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
    found = _USER.sub("://…@", repr(given))
    return found if len(found) <= _MAX_SHOWN else found[:_MAX_SHOWN] + "…"


def _place(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """Where it stands in the file; the steps that only pydantic takes, into a kind or a type, are left out."""
    owners, kept, takes_any = [model], [], False
    for step in detail["loc"]:
        fields = [field for owner in owners if (field := _field(owner, step)) is not None]
        if isinstance(step, int) or fields or takes_any:
            kept.append(step)
        if fields:
            owners = [inner for field in fields for inner in _models_in(field.annotation)]
            takes_any = any(_is_table(field.annotation) for field in fields)
        elif chosen := [owner for owner in owners if "kind" in owner.model_fields and step in _literals(owner)]:
            owners = chosen
    if detail["type"] == "extra_forbidden" and kept[-1:] != [detail["loc"][-1]]:
        kept.append(detail["loc"][-1])
    return ".".join(map(str, kept))


def _field(owner: type[BaseModel], key: int | str) -> FieldInfo | None:
    """The field that a file names so."""
    return next((field for name, field in owner.model_fields.items() if key in {name, field.alias}), None)


def _is_table(annotation: Any) -> bool:
    """Whether its keys are the file's own."""
    return get_origin(annotation) is dict or any(_is_table(inner) for inner in get_args(annotation))


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
    keys = [name for name, field in _owners(detail["loc"], model)[0].model_fields.items() if field.is_required()]
    return f", as {{ {', '.join(f'{key} = …' for key in keys)} }}" if keys else ""


def _meaning(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """What a number beyond its limits stands for, where its field says so."""
    if "than" not in detail["type"]:
        return ""
    fields = (_field(owner, detail["loc"][-1]) for owner in _owners(detail["loc"][:-1], model))
    told = next((field.description for field in fields if field is not None and field.description), "")
    return f" ({told})" if told else ""


def _number(value: object) -> object:
    """Whole numbers without a point."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


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
        for owner in _owners(tuple(above), model)
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
    models = _models_in(field.annotation)
    if given is None:
        given = field.default
        if isinstance(given, BaseModel):
            return [type(given)]
        if given is None or field.is_required():
            return models
    tables = given if isinstance(given, list | tuple) else [given]
    kinds = [table.get("kind") for table in tables if isinstance(table, dict)]
    return [each for each in models if "kind" not in each.model_fields or any(k in _literals(each) for k in kinds)]


def _takes(owner: type[BaseModel], key: int | str, value: object) -> bool:
    """Whether the value could stand under that key; mistakes inside of it count for nothing."""
    if _field(owner, key) is None:
        return False
    try:
        owner.model_validate({key: value})
    except ValidationError as error:
        inside = {"missing", "value_error"} if isinstance(value, dict) else set()
        own = [each for each in error.errors() if each["loc"][:1] == (key,) and each["input"] is value]
        return all(each["type"] in inside for each in own)
    return True


def _kinds(detail: ErrorDetails, model: type[BaseModel]) -> tuple[list[Any], str]:
    """The kinds that a table may have there, the literal values of `kind` in each model that fits; and in words."""
    owners = _owners(detail["loc"], model)
    literals = [value for owner in owners if "kind" in owner.model_fields for value in _literals(owner)]
    return literals, " or ".join(map(repr, literals)) or "another kind"


def _literals(owner: type[BaseModel]) -> tuple[Any, ...]:
    return get_args(owner.model_fields["kind"].annotation)


def _kind_of(given: Any) -> str:
    return _shown(given["kind"]) if isinstance(given, dict) and "kind" in given else "none"


def _nearest(detail: ErrorDetails, model: type[BaseModel], details: list[ErrorDetails]) -> str:
    """The key that is written alike, else all that there are, and before them the one that may stand for the stranger.

    That is the only key that the table lacks, where nothing else in it is unknown and the value could be its own.
    """
    (*table, key) = detail["loc"]
    owners = _owners(tuple(table), model)
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


def _owners(path: tuple[int | str, ...], model: type[BaseModel]) -> list[type[BaseModel]]:
    """The models that the path leads to; a tagged union's tag is a step without a field: the model of that kind."""
    owners = [model]
    for step in path:
        if isinstance(step, int):
            continue
        inner = [m for o in owners if step in o.model_fields for m in _models_in(o.model_fields[step].annotation)]
        owners = inner or [o for o in owners if "kind" in o.model_fields and step in _literals(o)] or owners
    return owners


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]
