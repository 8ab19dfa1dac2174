"""Sounds as calibration data for a model that listens: each file as the inputs that the board's own front end makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError
from edge_runtime.capture.wave_file import read_header, read_samples
from edge_runtime.frames import Window
from edge_runtime.signals.feeder import Feeder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from edge_contracts.manifest import SeriesInput, SoundInput

MOST_INPUTS = 32
"""Neighbouring inputs of one sound are much alike: so many of them, spread evenly, say as much as all."""


def heard(path: Path, spec: SoundInput | SeriesInput) -> Iterator[tuple[npt.NDArray[np.float32], str]]:
    """Inputs of the float model and their names, for one WAV file.

    Raises:
        BadInputError: the file is damaged, or does not have the rate, the channels or the length that the model takes.
    """
    header = read_header(path)
    window = Window(read_samples(path, header), header.rate_hz, 0, 1, path.name)
    try:
        inputs = Feeder(spec).inputs(window)
    except BadInputError as error:
        raise BadInputError(f"{path.name}: {error}") from error
    for index in sorted({round(at) for at in np.linspace(0, len(inputs) - 1, min(len(inputs), MOST_INPUTS))}):
        yield np.ascontiguousarray(inputs[index], np.float32).reshape(spec.shape), f"{path.name}[{index}]"
