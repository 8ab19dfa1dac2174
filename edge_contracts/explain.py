"""Turn a validation error into sentences: what was wanted, what was found, and the nearest right key."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_MAX_SHOWN = 80


def explain(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Every error of `error`, one sentence each, in the order of the fields.

    Args:
        error: what pydantic raised for `model`.
        model: the model that was asked for; its fields are the candidates of "did you mean".
    """
    details = error.errors(include_url=False, include_context=False)
    return [_sentence(detail, model) for detail in details if not _is_echo(detail, details)]


def _is_echo(detail: ErrorDetails, details: list[ErrorDetails]) -> bool:
    """A list counts as too short when its items are wrong; the items' own errors say it better."""
    inside = len(detail["loc"])
    return detail["type"] == "too_short" and any(
        other["loc"][:inside] == detail["loc"] and len(other["loc"]) > inside for other in details
    )


def _sentence(detail: ErrorDetails, model: type[BaseModel]) -> str:
    where = ".".join(str(step) for step in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return f"{where}: unknown key{_nearest(detail['loc'], model)}"
    if detail["type"] == "missing":
        return f"{where}: missing; this key is required"
    if detail["type"] in {"union_tag_not_found", "union_tag_invalid"}:
        return f"{where}.kind: wanted {_kinds(detail, model)}, found {_kind_of(detail['input'])}"
    found = repr(detail["input"])
    shown = found if len(found) <= _MAX_SHOWN else found[:_MAX_SHOWN] + "…"
    return f"{where or 'document'}: {detail['msg']}; found {shown}"


def _kinds(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """The kinds that a table may have there: the literal values of `kind` in each model that fits."""
    owners = _owners(detail["loc"], model)
    literals = [value for owner in owners if "kind" in owner.model_fields for value in _literals(owner)]
    return " or ".join(repr(value) for value in literals) or "another kind"


def _literals(owner: type[BaseModel]) -> tuple[Any, ...]:
    return get_args(owner.model_fields["kind"].annotation)


def _kind_of(given: Any) -> str:
    return repr(given["kind"]) if isinstance(given, dict) and "kind" in given else "none"


def _nearest(location: tuple[int | str, ...], model: type[BaseModel]) -> str:
    known = sorted({key for owner in _owners(location[:-1], model) for key in owner.model_fields})
    close = get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; known keys are {', '.join(known)}"


def _owners(path: tuple[int | str, ...], model: type[BaseModel]) -> list[type[BaseModel]]:
    """The models that the path leads to; a tagged union's tag is a step without a field of its own."""
    owners = [model]
    for step in path:
        if isinstance(step, int):
            continue
        inner = [m for o in owners if step in o.model_fields for m in _models_in(o.model_fields[str(step)].annotation)]
        owners = inner or owners
    return owners


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]
