from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.alert import AlertEvent, Evidence, EvidenceKind
from edge_contracts.device import Presence, Status
from edge_contracts.errors import BadInputError
from edge_contracts.gap import Gap, GapEvent, GapReason, SeqRange
from edge_contracts.message import MAX_ALERT_BYTES, SEQ_MAX, ClockTrust
from edge_contracts.verdict import Outcome
from edge_runtime.outbox.delivery_clock import Moment
from edge_runtime.outbox.envelope import Letter, seal
from edge_runtime.outbox.spool_policy import RowClass
from tests.fakes.letters import ADDRESS, alert

EPOCH = "0123456789abcdef"
NOW = Moment(1_700_000_000_123, 4_567, ClockTrust.NTP)
EVIDENCE = tuple(
    Evidence(kind=EvidenceKind.IMAGE, sha256="f" * 64, media_type="x" * 64, bytes=1 << 40) for _ in range(8)
)


def test_an_alert_in_its_envelope_reads_back_as_itself() -> None:
    data = alert()
    sealed = seal(Letter(data, NOW, bytes(range(10))), ADDRESS.source, EPOCH, 7)
    event = AlertEvent.model_validate_json(sealed.body)
    assert event.data == data
    assert (event.source, event.epoch, event.seq, event.id) == (ADDRESS.source, EPOCH, 7, sealed.event_id)
    assert (event.clk, event.mono, event.time.isoformat()) == (
        ClockTrust.NTP,
        4_567,
        "2023-11-14T22:13:20.123000+00:00",
    )
    assert (sealed.leaf, sealed.row_class) == ("alert", RowClass.DEFECT)


def test_a_gap_is_never_worth_less_than_anything() -> None:
    data = Gap(of_epoch=EPOCH, ranges=(SeqRange(first=1, last=3),), count=3, why=GapReason.SHED)
    sealed = seal(Letter(data, NOW, bytes(10)), ADDRESS.source, EPOCH, 8)
    assert (sealed.leaf, sealed.row_class) == ("gap", RowClass.KEPT)
    assert GapEvent.model_validate_json(sealed.body).data == data


def test_an_unknown_is_worth_less_than_a_defect() -> None:
    sealed = seal(Letter(alert(Outcome.UNKNOWN), NOW, bytes(10)), ADDRESS.source, EPOCH, 1)
    assert sealed.row_class is RowClass.UNKNOWN


@given(st.text(st.characters(codec="utf-8"), max_size=512), st.text(st.characters(codec="utf-8"), max_size=100))
def test_no_alert_is_lost_for_the_length_of_its_prose(reason: str, part: str) -> None:
    data = alert(reason=reason, part=part or "p").model_copy(update={"evidence": EVIDENCE})
    body = seal(Letter(data, NOW, bytes(10)), ADDRESS.source, EPOCH, SEQ_MAX).body
    assert len(body) <= MAX_ALERT_BYTES
    event = AlertEvent.model_validate_json(body)
    assert event.data.evidence == data.evidence
    assert event.data.part == data.part


def test_a_reason_that_is_too_long_ends_in_an_ellipsis() -> None:
    data = alert(reason="\x01" * 512).model_copy(update={"evidence": EVIDENCE})
    event = AlertEvent.model_validate_json(seal(Letter(data, NOW, bytes(10)), ADDRESS.source, EPOCH, 1).body)
    assert event.data.reason.endswith("…")
    assert len(event.data.reason) > 100


def test_what_is_not_spooled_is_refused() -> None:
    with pytest.raises(BadInputError, match="found Status"):
        seal(Letter(Status(status=Presence.ONLINE, session=1), NOW, bytes(10)), ADDRESS.source, EPOCH, 1)


def test_a_clock_beyond_all_calendars_still_makes_an_envelope() -> None:
    body = seal(Letter(alert(), Moment(1 << 60, 0, ClockTrust.NONE), bytes(10)), ADDRESS.source, EPOCH, 1).body
    assert json.loads(body)["time"].startswith("2999-12-31")
