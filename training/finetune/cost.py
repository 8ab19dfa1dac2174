"""What a network costs on a board: bytes and milliseconds of the int8 file that it would become, made and run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from converters.bundle.pack import draft_bundle
from converters.calibration.samples import picture_sample
from converters.gate.latency import median_ms
from edge_runtime.infer.predictor import Predictor
from training.finetune.bundle import Meaning, float_bundle, int8_artefact
from training.finetune.quantisation import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from device_profiles.board import Profile
    from edge_contracts.bundle import Bundle
    from training.networks.network import NetworkSpec


@dataclass(frozen=True, slots=True)
class Bench:
    """Where networks of one kind are made into int8 files.

    spec, meaning: of the network. profile: the board. pictures: to calibrate with, H×W×3 uint8 RGB.
    """

    spec: NetworkSpec
    meaning: Meaning
    profile: Profile
    pictures: Sequence[npt.NDArray[Any]]

    def bytes_of(self, network: Any) -> float:
        """Bytes of the int8 file."""
        return float(len(self.int8_of(network).model))

    def ms_of(self, network: Any) -> float:
        """Median milliseconds of one inference of the int8 file on this machine, one thread."""
        return self.timed(self.int8_of(network))

    def int8_of(self, network: Any) -> Bundle:
        """The int8 file, as a bundle that runs."""
        source = float_bundle(folded(network), self.spec, self.meaning)
        return draft_bundle(source, int8_artefact(source, self.pictures, self.profile), self.profile, "").bundle()

    def timed(self, bundle: Bundle) -> float:
        """Median milliseconds of one inference."""
        predictor = Predictor.load(bundle)
        sample = picture_sample(self.pictures[0], self.meaning.float_input(self.spec), "")
        return median_ms((predictor,), sample)[0]
