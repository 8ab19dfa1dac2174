"""Sounds in which nothing can be heard, that were recorded too loud, or that are unlike the rest."""

from __future__ import annotations

import math
from collections import Counter
from statistics import median
from typing import TYPE_CHECKING

from edge_runtime.signal_health import SOUND_OFFSET_MAX, SOUND_QUIET_RMS, SignalLimits
from training.checks.finding import Finding, counted
from training.dataset.sounds import shortest_s

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.checks.facts import Facts, SoundFacts
    from training.checks.looked import Looked

CLIPPED_SHARE = SignalLimits().clipped_share
LENGTH_DIFFERENCE = 0.5


def check_level(looked: Looked) -> Iterator[Finding]:
    """Silence, clipping and a shifted zero, by the station's own limits; readings have none."""
    heard = [] if looked.readings else _heard(looked)
    if silent := tuple((one,) for one, sound in heard if sound.rms < SOUND_QUIET_RMS):
        yield Finding(
            "silence",
            must_mend=True,
            sentence=f"{counted(len(silent), 'silent sound')} (below {20 * math.log10(SOUND_QUIET_RMS):.0f} dB of full "
            "scale): was the microphone on? leave them out",
            groups=silent,
        )
    if clipped := tuple((one,) for one, sound in heard if sound.clipped > CLIPPED_SHARE):
        yield Finding(
            "clipping",
            must_mend=False,
            sentence=f"{counted(len(clipped), 'sound')} at full scale in more than {CLIPPED_SHARE:.1%} of their "
            "values: "
            "a station does not judge such; lower the gain",
            groups=clipped,
        )
    if shifted := tuple((one,) for one, sound in heard if abs(sound.offset) > SOUND_OFFSET_MAX):
        yield Finding(
            "offset",
            must_mend=False,
            sentence=f"{counted(len(shifted), 'sound')} with a mean beyond {SOUND_OFFSET_MAX:g} of full scale: a "
            "broken "
            "input; a station does not judge such",
            groups=shifted,
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
    short = [(one, sound) for one, sound in heard if not looked.readings and sound.seconds < shortest_s(sound.rate_hz)]
    if short:
        least_s = max(shortest_s(sound.rate_hz) for _, sound in short)
        yield Finding(
            "lengths",
            must_mend=True,
            sentence=f"{counted(len(short), 'sound')} shorter than {least_s:.2f} s: 'lepton train' refuses such; "
            "record longer, or leave them out",
            groups=tuple((one,) for one, _ in short),
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
