"""Recordings as lessons: the board's own front end cuts them into log-mel spectra, and a network sees those as bytes.

An input of 100 dB becomes 0 to 255 while the network learns, so that sounds go the way of pictures; on the board it
gets the same spectra without that rounding (0.4 dB).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError
from edge_runtime.signals.feeder import Feeder
from training.augmentation.augment import augment_sound, draws
from training.dataset.sounds import Waveform
from training.dataset.subjects import Recordings
from training.features.spectrogram import levels_of, listening
from training.finetune.lesson import Lesson, Scaling

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import numpy.typing as npt

    from edge_contracts.manifest import SoundInput
    from edge_runtime.frames import Window
    from training.augmentation.recipe import Recipe
    from training.dataset import Sample
    from training.networks.network import NetworkSpec

SCALING = Scaling()
"""Bytes 0 and 255 are -1 and 1, which are the ends of the levels that the front end gives."""


COPIES = 6
"""Of each recording, by a recipe; as many as a detector learns of each photograph."""


@dataclass(frozen=True, slots=True)
class SoundCopies:
    """What a recipe makes of each recording, once: hearing one again in each round would take longer than learning.

    seed: of what the recipe leaves open.
    """

    recipe: Recipe
    seed: int

    def of(self, recording: Window, place: int) -> list[Window]:
        """The copies of the `place`-th recording."""
        heard = Waveform(recording.values, round(recording.rate_hz))
        made = (augment_sound(heard, self.recipe, draws(self.seed, place, copy)) for copy in range(COPIES))
        return [replace(recording, values=one.values) for one in made]


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
    copies: SoundCopies | None = None,
) -> Lesson:
    """All inputs of all recordings, each with its recording and that one's class.

    Args:
        samples: the recordings.
        labels: of the network's outputs, in order.
        heard: the front end.
        progress: told how many were read.
        copies: altered ones that are learned beside each; None for none.

    Raises:
        BadInputError: another rate than the front end's.
        SoundRejected: a file that is no WAV.
    """
    feeder, pictures, answers, counts = Feeder(heard), [], [], []
    for number, (sample, recording) in enumerate(zip(samples, Recordings(samples), strict=True)):
        for one in [recording, *(() if copies is None else copies.of(recording, number))]:
            inputs = feeder.inputs(one)
            pictures.append(_bytes(inputs))
            answers.append(labels.index(sample.label))
            counts.append(len(inputs))
        progress(number + 1)
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
