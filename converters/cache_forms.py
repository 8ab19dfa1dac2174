"""How a conversion's results are kept between runs: the loaded model, the quantised one, and the comparison of both."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from converters.artefact import Artefact
from converters.cache.record import Record, RecordDamaged
from converters.gate.verify import Comparison
from edge_contracts.bundle import Bundle
from edge_contracts.manifest import Manifest


class BundleForm:
    """A bundle in memory: its manifest as JSON, its files as they are."""

    def pack(self, result: Bundle) -> Record:
        """See `Form.pack`."""
        plain = {"manifest": result.manifest.model_dump(mode="json"), "digest": result.digest}
        return Record(plain, blobs=dict(result.members))

    def unpack(self, record: Record) -> Bundle:
        """See `Form.unpack`."""
        return Bundle(Manifest.model_validate(record.plain["manifest"]), record.plain["digest"], record.blobs)


class ArtefactForm:
    """An artefact: the network's file, and everything else as JSON."""

    def pack(self, result: Artefact) -> Record:
        """See `Form.pack`."""
        plain = _adapter().dump_python(result, mode="json", exclude={"model"})
        return Record(plain, blobs={"model": result.model})

    def unpack(self, record: Record) -> Artefact:
        """See `Form.unpack`."""
        return _adapter().validate_python({**record.plain, "model": record.blobs["model"]})


class ComparisonForm:
    """A comparison and the one with other kernels: arrays as arrays, figures as JSON."""

    def pack(self, result: Comparison) -> Record:
        """See `Form.pack`."""
        plain: list[dict[str, Any]] = []
        arrays: dict[str, Any] = {}
        part: Comparison | None = result
        while part is not None:
            values = {field.name: getattr(part, field.name) for field in fields(part) if field.name != "other"}
            arrays |= {f"{len(plain)}/{name}": value for name, value in values.items() if isinstance(value, np.ndarray)}
            plain.append({name: value for name, value in values.items() if not isinstance(value, np.ndarray)})
            part = part.other
        return Record(plain, arrays)

    def unpack(self, record: Record) -> Comparison:
        """See `Form.unpack`."""
        made: Comparison | None = None
        for place, plain in reversed(list(enumerate(record.plain))):
            own = f"{place}/"
            arrays = {name.removeprefix(own): a for name, a in record.arrays.items() if name.startswith(own)}
            values: dict[str, Any] = {**plain, **arrays, "other": made}
            made = Comparison(**values)
        if made is None:
            raise RecordDamaged("it holds no comparison")
        return made


def _adapter() -> TypeAdapter[Artefact]:
    return TypeAdapter(Artefact)
