"""A TOML file whose facts name their source, read into its model; every error of the file is told at once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from device_profiles.figures import Table
from edge_contracts.errors import BadInputError
from edge_contracts.explain import explain

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator

Model = TypeVar("Model", bound=Table)


def parse_document(text: str, where: str, model: type[Model], *, kind: str, reference: str) -> Model:
    """Parse a file.

    Args:
        text: the file's TOML.
        where: what the errors call the file.
        model: what it must hold.
        kind: what the errors call such a file, such as `board profile`.
        reference: the page that tells its form.

    Raises:
        BadInputError: not TOML, a `source` that `[sources]` does not have, or an unknown, missing or wrong key; all
            errors of the file at once.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(f"wanted a {kind} in TOML, found {where}: {error}; mend that line") from error
    problems = _dangling(document)
    try:
        parsed = model.model_validate(document)
    except ValidationError as error:
        problems = explain(error, model) + problems
        raise BadInputError(_refusal(where, problems, kind, reference)) from error
    if problems:
        raise BadInputError(_refusal(where, problems, kind, reference))
    return parsed


def _refusal(where: str, problems: list[str], kind: str, reference: str) -> str:
    listed = "\n  ".join(problems)
    return f"wanted a {kind} in {where}, found:\n  {listed}\nThe form is in {reference}"


def _dangling(document: dict[str, Any]) -> list[str]:
    sources = document.get("sources", {})
    known = sorted(sources) if isinstance(sources, dict) else []
    body = {key: value for key, value in document.items() if key != "sources"}
    return [
        f"{where}.source: wanted a key of [sources] ({', '.join(known) or 'it is empty'}), found {key!r}"
        for where, key in _citations(body, "")
        if key not in known
    ]


def _citations(node: Any, where: str) -> Iterator[tuple[str, str]]:
    """Each place that names a source, with the key that it names."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _citations(item, f"{where}.{index}")
    elif isinstance(node, dict):
        if isinstance(node.get("source"), str):
            yield where, node["source"]
        for key, value in node.items():
            yield from _citations(value, f"{where}.{key}" if where else key)
