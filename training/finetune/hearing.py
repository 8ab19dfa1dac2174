"""Recordings as lessons: the board's own front end cuts them into log-mel spectra, and a network sees those as bytes.

An input of 100 dB becomes 0 to 255 while the network learns, so that sounds go the way of pictures; on the board it
gets the same spectra without that rounding (0.4 dB).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError
from edge_runtime.signals.feeder import Feeder
from training.dataset.subjects import Recordings
from training.features.spectrogram import levels_of, listening
from training.finetune.lesson import Lesson, Scaling

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import numpy.typing as npt

    from edge_contracts.manifest import SoundInput
    from training.dataset import Sample
    from training.networks.network import NetworkSpec

SCALING = Scaling()
"""Bytes 0 and 255 are -1 and 1, which are the ends of the levels that the front end gives."""


def front_end(learned: Sequence[Sample], held_out: Sequence[Sample], spec: NetworkSpec) -> SoundInput:
    """How a recording becomes the network's inputs: as many spectra as it is high, as many bands as it is wide.

    Args:
        learned: recordings to learn, one or more; their loudest place alone decides the levels.
        held_out: those to look at; they, too, must be as long as one input.
        spec: the network.

    Raises:
        BadInputError: rates that differ, or a recording shorter than one input.
        SoundRejected: a file that is no WAV.
    """
    heard = listening(Recordings([*learned, *held_out]), spec.height_px, spec.width_px)
    levels = levels_of(Recordings(learned), heard)
    half = (levels.bright_db - levels.dark_db) / 2
    shape = (1, spec.height_px, spec.width_px, 1)
    return heard.model_copy(update={"shape": shape, "mean": (levels.dark_db + half,), "std": (half,)})


def sound_lesson(
    samples: Sequence[Sample],
    labels: Sequence[str],
    heard: SoundInput,
    progress: Callable[[int], object] = lambda _read: None,
) -> Lesson:
    """All inputs of all recordings, each with its recording and that one's class.

    Raises:
        BadInputError: another rate than the front end's.
        SoundRejected: a file that is no WAV.
    """
    feeder, pictures, answers, counts = Feeder(heard), [], [], []
    for number, (sample, recording) in enumerate(zip(samples, Recordings(samples), strict=True), start=1):
        inputs = feeder.inputs(recording)
        pictures.append(_bytes(inputs))
        answers.append(labels.index(sample.label))
        counts.append(len(inputs))
        progress(number)
    recordings = np.repeat(np.arange(len(counts)), counts)
    return Lesson(np.concatenate(pictures)[..., None], np.array(answers, np.int64)[recordings], recordings)


def require_of_pictures(network: str, task: str, given: Collection[str]) -> None:
    """Refuse what has no meaning for recordings.

    Args:
        network: its name.
        task: what it answers.
        given: keys of the course's `[network]` that were written down.

    Raises:
        BadInputError: a network for places in a picture, or colour, mean or std.
    """
    if task != "classes":
        raise BadInputError(f"wanted pictures for {network}, found recordings; choose a network that answers a class")
    if said := [key for key in ("colour", "mean", "std") if key in given]:
        raise BadInputError(
            f"wanted no {' and '.join(said)} in [network] for recordings, found it in the course; leave it out"
        )


def _bytes(inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    mean, std = np.float32(SCALING.mean[0]), np.float32(SCALING.std[0])
    return np.asarray(np.clip(np.rint(inputs * std + mean), 0, 255), np.uint8)
