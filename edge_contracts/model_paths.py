"""The models that a path through a document leads to, by their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


def owners_of(path: tuple[int | str, ...], model: type[BaseModel]) -> list[type[BaseModel]]:
    """The models that the path leads to; a tagged union's tag is a step without a field: the model of that kind."""
    owners = [model]
    for step in path:
        if isinstance(step, int):
            continue
        inner = [m for o in owners if step in o.model_fields for m in models_in(o.model_fields[step].annotation)]
        owners = inner or [o for o in owners if step in kinds_of(o)] or owners
    return owners


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that a field of this annotation may hold, by itself or in a list or a table."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in models_in(argument)]


def field_of(owner: type[BaseModel], key: int | str) -> FieldInfo | None:
    """The field that a file names so."""
    return next((field for name, field in owner.model_fields.items() if key in {name, field.alias}), None)


def kinds_of(owner: type[BaseModel]) -> tuple[Any, ...]:
    """The literal values of its `kind`; none where it has no such key."""
    kind = owner.model_fields.get("kind")
    return get_args(kind.annotation) if kind else ()


def takes_any_key(annotation: Any) -> bool:
    """Whether its keys are the file's own."""
    return get_origin(annotation) is dict or any(takes_any_key(inner) for inner in get_args(annotation))
