"""What every model of settings and messages is made of: its numbers are numbers.

Pydantic takes `true` for 1 and `"0.6"` for 0.6; a threshold of `true` would then call every defect good. The published
schemas say number, so what is no number is refused here, once, for each model that builds on this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import PydanticKnownError, core_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import CoreSchema

_T = TypeVar("_T")


def _whole_number(given: _T) -> _T:
    if isinstance(given, bool | str | bytes):
        raise PydanticKnownError("int_type")
    return given


def _number(given: _T) -> _T:
    if isinstance(given, bool | str | bytes):
        raise PydanticKnownError("float_type")
    return given


def _no_flag(given: _T) -> _T:
    if isinstance(given, bool):
        raise PydanticKnownError("int_type")
    return given


_GUARDS: Final[dict[str, Callable[[Any], Any]]] = {"int": _whole_number, "float": _number}
_NO_SCHEMA: Final = frozenset({"default", "metadata", "serialization"})
"""What lies in a schema and is none."""


def _guard_inside(node: Any, source: type[BaseModel]) -> None:
    """Put a guard before each number in the schema of `source`; one that is guarded already stays as it is."""
    if isinstance(node, list):
        places = list(enumerate(node))
    elif isinstance(node, dict) and not _is_guarded(node, source):
        is_schema = isinstance(node.get("type"), str)
        places = [(key, inner) for key, inner in node.items() if not (is_schema and key in _NO_SCHEMA)]
    else:
        return
    for place, inner in places:
        if guard := _guard_of(inner):
            node[place] = core_schema.no_info_before_validator_function(guard, inner)
        else:
            _guard_inside(inner, source)


def _guard_of(node: Any) -> Callable[[Any], Any] | None:
    kind = node.get("type") if isinstance(node, dict) else None
    if kind == "literal":
        return _no_flag if all(type(value) is int for value in node["expected"]) else None
    return _GUARDS.get(kind) if isinstance(kind, str) else None


def _is_guarded(node: dict[str, Any], source: type[BaseModel]) -> bool:
    """Whether it is a guard with its number, or another model of this kind, which has guarded its own."""
    if node.get("type") == "model":
        return node["cls"] is not source and issubclass(node["cls"], PlainNumbers)
    return node.get("type") == "function-before" and node["function"]["function"] in {*_GUARDS.values(), _no_flag}


class PlainNumbers(BaseModel):
    """A model that takes neither true, false nor text for a number, at any depth of its fields."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic's own schema, with a look at what is given for each number."""
        schema = handler(source)
        _guard_inside(handler.resolve_ref_schema(schema), source)
        return schema
