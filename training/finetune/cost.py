"""What a network costs on a board: bytes and milliseconds of the int8 file that it would become, made and run."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from converters.bundle.pack import draft_bundle
from converters.gate.latency import median_ms
from converters.wishes import BEST
from edge_runtime.infer.predictor import Predictor
from training.finetune.bundle import Meaning, float_bundle, int8_artefact, sample_of
from training.finetune.loop import scaled
from training.finetune.quantisation import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converters.calibration.samples import Sample
    from device_profiles.board import Profile
    from edge_contracts.bundle import Bundle
    from training.networks.network import NetworkSpec

QUICK = "min-max"
"""The rule of calibration that costs least; size and time are the same with each."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where networks of one kind are made into int8 files.

    spec, meaning: of the network. profile: the board. pictures: to calibrate with, H×W×3 uint8 RGB at the
    network's size; H×W×1 of a network that listens.
    """

    spec: NetworkSpec
    meaning: Meaning
    profile: Profile
    pictures: Sequence[npt.NDArray[Any]]

    def bytes_of(self, network: Any) -> float:
        """Bytes of the int8 file."""
        return float(len(self._trial(network).model))

    def ms_of(self, network: Any) -> float:
        """Median milliseconds of one inference of the int8 file on this machine, one thread."""
        return self.timed(self._trial(network))

    def int8_of(self, network: Any, rule: str = BEST) -> Bundle:
        """The int8 file, as a bundle that runs."""
        return self.int8_bundle(float_bundle(folded(network), self.spec, self.meaning), rule)

    def int8_bundle(self, source: Bundle, rule: str = QUICK) -> Bundle:
        """The same of a network that is a float bundle already."""
        samples = [self._sample(number) for number in range(len(self.pictures))]
        artefact = int8_artefact(source, samples, self.profile, rule)
        return draft_bundle(source, artefact, self.profile, {}).bundle()

    def timed(self, bundle: Bundle) -> float:
        """Median milliseconds of one inference."""
        predictor = Predictor.load(bundle)
        return median_ms((predictor,), self._sample(0))[0]

    def settled(self, network: Any) -> Any:
        """A copy whose normalisations fit: where channels went they no longer do, and int8 can hold no such ranges."""
        copied = copy.deepcopy(network).train()
        for layer in copied.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.reset_running_stats()
                layer.momentum = None
        pixels = torch.from_numpy(np.stack(self.pictures)).permute(0, 3, 1, 2).float()
        with torch.no_grad():
            copied(scaled(pixels[:, : self.spec.channels], self.meaning.scaling))
        return copied.eval()

    def _sample(self, number: int) -> Sample:
        meaning = self.meaning
        return sample_of(self.pictures[number], meaning.float_input(self.spec), meaning.scaling, str(number))

    def _trial(self, network: Any) -> Bundle:
        """A file whose answers mean nothing: size and time depend on the shape alone."""
        return self.int8_of(self.settled(network), QUICK)
