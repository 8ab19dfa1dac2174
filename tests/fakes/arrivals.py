"""Messages as a broker would hand them to the manager."""

from __future__ import annotations

import json
from typing import Any

from edge_contracts.device import Birth
from edge_contracts.gap import Gap, GapReason, SeqRange
from edge_runtime.outbox.envelope import Letter, seal
from fleet_manager.arrival import Arrival, judge
from tests.fakes.letters import ADDRESS, HandClock, alert, stats

EPOCH = "00000000000000aa"
WHERE = "plant/hall/station-1"
NOW = HandClock().now()


def alert_body(seq: int, epoch: str = EPOCH, noise: int | None = None, part: str | None = None) -> bytes:
    letter = Letter(alert(part=part or f"part-{seq}"), NOW, (noise or seq).to_bytes(10, "big"))
    return seal(letter, ADDRESS.source, epoch, seq).body


def alert_arrival(seq: int, epoch: str = EPOCH, noise: int | None = None) -> Arrival:
    return judge(ADDRESS.topic("alert"), alert_body(seq, epoch, noise))


def minute_body(seq: int) -> bytes:
    letter = Letter(stats(boot="b0" * 8, dark=1), NOW, seq.to_bytes(10, "big"))
    return seal(letter, ADDRESS.source, EPOCH, seq).body


def gap_arrival(
    seq: int, *ranges: tuple[int, int], why: GapReason = GapReason.SHED, of_epoch: str = EPOCH, epoch: str = EPOCH
) -> Arrival:
    pieces = tuple(SeqRange(first=first, last=last) for first, last in ranges)
    gap = Gap(of_epoch=of_epoch, ranges=pieces, count=sum(r.last - r.first + 1 for r in pieces), why=why)
    letter = Letter(gap, NOW, seq.to_bytes(10, "big"))
    return judge(ADDRESS.topic("gap"), seal(letter, ADDRESS.source, epoch, seq).body)


def birth_arrival(ack: str = "manager", epoch: str = EPOCH, capabilities: tuple[str, ...] = ()) -> Arrival:
    texts = dict.fromkeys(("version", "hardware", "system", "python", "runtime"), "x")
    birth = Birth.model_validate(
        {"session": 1, "epoch": epoch, "ack": ack, "points": [], "capabilities": capabilities, **texts}
    )
    return judge(ADDRESS.topic("birth"), birth.model_dump_json().encode())


def changed(body: bytes, **fields: Any) -> bytes:
    """The same message with other fields."""
    return json.dumps({**json.loads(body), **fields}).encode()
