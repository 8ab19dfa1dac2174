"""Whoever trusts a bundle learns what its gate said, and where nothing did."""

from datetime import datetime, timezone

import pytest

from edge_contracts.card import Card, GateResult
from edge_contracts.gate_words import gate_in_words

RANDOM = "32 random inputs: good for size and speed, not for accuracy"


def card(verdict, *reasons, calibration="20 pictures from good"):
    return Card(
        created=datetime(2025, 3, 1, tzinfo=timezone.utc),
        tool="t",
        profile="rpi-4b",
        calibration=calibration,
        gate=GateResult(verdict=verdict, samples=20, reasons=reasons) if verdict else None,
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (card("passed"), "the gate passed it on 20 pictures from good"),
        (
            card("forced", "wanted 95 %, found 65.1 %"),
            "packed by force, the gate refused it on 20 pictures from good: ",
        ),
        (card("forced", "wanted 95 %, found 65.1 %"), ": wanted 95 %, found 65.1 %"),
        (card("reported", calibration=RANDOM), f"the gate did not judge it: {RANDOM}"),
        (card(None), "no gate ran"),
        (None, "there is none, and nothing else says what a gate found"),
    ],
)
def test_each_verdict_is_told(given, said):
    assert said in gate_in_words(given)
