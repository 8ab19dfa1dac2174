"""Sounds in which nothing can be heard, that were recorded too loud, or that are unlike the rest."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import TYPE_CHECKING

from training.checks.finding import Finding, counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.checks.facts import Facts, SoundFacts
    from training.checks.looked import Looked

SILENT_DB = -70.0
"""Of full scale: below the noise of any 16-bit recorder's microphone input, above its last bits."""

CLIPPED = 0.001
LENGTH_DIFFERENCE = 0.5


def check_level(looked: Looked) -> Iterator[Finding]:
    """Silence and clipping."""
    heard = _heard(looked)
    if silent := tuple((one,) for one, sound in heard if sound.rms_db < SILENT_DB):
        yield Finding(
            "silence",
            must_mend=True,
            sentence=f"{counted(len(silent), 'silent sound')} (below {SILENT_DB:g} dB of full scale): was the "
            "microphone on? "
            "leave them out",
            groups=silent,
        )
    if clipped := tuple((one,) for one, sound in heard if sound.clipped > CLIPPED):
        yield Finding(
            "clipping",
            must_mend=False,
            sentence=f"{counted(len(clipped), 'sound')} at full scale in more than {CLIPPED:.1%} of their values: "
            "recorded "
            "too loud; lower the gain",
            groups=clipped,
        )


def check_rates(looked: Looked) -> Iterator[Finding]:
    """Sample rates, channels and lengths that differ."""
    heard = _heard(looked)
    rates = Counter((sound.rate_hz, sound.channels) for _, sound in heard)
    if len(rates) > 1:
        (usual, _), *_ = rates.most_common(1)
        told = ", ".join(f"{count} of {rate} Hz × {channels}" for (rate, channels), count in rates.most_common())
        yield Finding(
            "sample rates",
            must_mend=True,
            sentence=f"the sounds have {len(rates)} sample rates or channels: {told}; a model hears one, resample them",
            groups=tuple((one,) for one, sound in heard if (sound.rate_hz, sound.channels) != usual),
        )
    usual_s = median([sound.seconds for _, sound in heard] or [0.0])
    if odd := tuple((one,) for one, sound in heard if abs(sound.seconds - usual_s) > LENGTH_DIFFERENCE * usual_s):
        yield Finding(
            "lengths",
            must_mend=False,
            sentence=f"{counted(len(odd), 'sound')} far from the usual length of {usual_s:.2f} s; a part should "
            "sound as long "
            "as others",
            groups=odd,
        )


def _heard(looked: Looked) -> list[tuple[Facts, SoundFacts]]:
    return [(one, one.sound) for one in looked.readable if one.sound is not None]
