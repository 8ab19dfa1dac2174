"""How sounds or readings become a bare model's input, as its user wrote it down: the manifest's own table, in TOML."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from edge_contracts.errors import BadInputError
from edge_contracts.explain import explain
from edge_contracts.manifest import SeriesInput, SoundInput

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from converters.load.interface import Interface

_KINDS: dict[str, type[SoundInput | SeriesInput]] = {"sound": SoundInput, "series": SeriesInput}
_OF_THE_MODEL = ("tensor", "shape", "dtype", "quantisation")
_PAGE = "docs/reference/sound-front-end.md tells every key"


def heard_input(text: str, interface: Interface) -> SoundInput | SeriesInput:
    """The manifest's input of a float model.

    Args:
        text: TOML: the table without what the model itself says (tensor, shape, dtype, quantisation).
        interface: of the model.

    Raises:
        BadInputError: no TOML, an unknown kind, or values that do not fit each other or the model; all at once.
    """
    told = _parsed(text)
    kind = _KINDS.get(str(told.get("kind")))
    if kind is None:
        raise BadInputError(f"wanted kind = 'sound' or 'series' in the front end, found {told.get('kind')!r}; {_PAGE}")
    if said := sorted(set(told) & set(_OF_THE_MODEL)):
        raise BadInputError(f"wanted a front end without {', '.join(said)}, which the model says itself; leave it out")
    own = {"tensor": interface.input_name, "shape": interface.input_shape, "dtype": "float32"}
    try:
        return TypeAdapter(kind).validate_python(told | own)
    except ValidationError as error:
        found = "; ".join(explain(error, kind))
        raise BadInputError(f"wanted a usable front end, found mistakes: {found}; {_PAGE}") from error


def _parsed(text: str) -> dict[str, Any]:
    try:
        told: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(f"wanted a front end in TOML, found a mistake: {error}; {_PAGE}") from error
    return told
