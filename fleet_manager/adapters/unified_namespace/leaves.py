"""The mirror's documents: what a device said, cut into one retained JSON object per subject."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from edge_contracts.alarm import Alarm
from edge_contracts.alert import AlertEvent
from edge_contracts.device import Birth, State, Status

if TYPE_CHECKING:
    from edge_contracts.device import PointState
    from fleet_manager.adapters.news import Content

Fields: TypeAlias = "dict[str, Any]"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One document: its last level, the inspection point it is about or None, and what it says."""

    name: str
    point: str | None
    fields: Fields


def leaves(content: Content) -> list[Leaf]:
    """The documents that a word changes."""
    if isinstance(content, Status):
        return [Leaf("status", None, {"status": content.status.value})]
    if isinstance(content, Alarm):
        return [Leaf(f"alarm/{content.type.value}", None, _plain(content, exclude={"clk"}))]
    if isinstance(content, AlertEvent):
        return [Leaf("alert", content.data.point, {"id": content.id, "clk": content.clk.value, **_plain(content.data)})]
    if isinstance(content, State):
        return [Leaf("state", None, _plain(content, exclude={"points"})), *map(_verdict, content.points)]
    return [_inventory(content)]


def text(fields: Fields, source: str, now_ms: int) -> bytes:
    """A document as it is published: its fields, who said it, and when the manager heard it (Unix milliseconds)."""
    document = {"timestamp": now_ms, "source": source, **fields}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _verdict(state: PointState) -> Leaf:
    return Leaf("verdict", state.point, _plain(state, exclude={"point"}))


def _inventory(birth: Birth) -> Leaf:
    points = [{"name": one.name, "bundle": one.bundle, "model": one.model} for one in birth.points]
    return Leaf("inventory", None, {"hardware": birth.hardware, "version": birth.version, "points": points})


def _plain(payload: Any, exclude: set[str] | None = None) -> Fields:
    return dict(payload.model_dump(mode="json", exclude=exclude, exclude_none=True))
