"""What the emulated boards replay: the networks of the conversion bench, and random ones chosen by a seed.

The bench's are converted as a user would; the random ones with the recipe that their number draws, so that int16
activations, int4 weights, scales per tensor and float islands meet the processors, too.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import chain
from random import Random
from typing import TYPE_CHECKING

from converters.artefact import Artefact, _operators, _stored_input, _stored_output, precision_shares
from converters.bundle.pack import complete, draft_bundle
from converters.calibration.samples import Sample
from converters.conversion import convert
from converters.load import Description, load_model
from converters.quantize import quantize
from converters.tflite import write_tflite
from device_profiles import load_profile
from edge_contracts.bundle import write_bundle
from edge_contracts.errors import LeptonError
from tests.bench.convert.networks import NETWORKS
from tests.random_networks.network import Network, network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RANDOM_NETWORKS = 30
OUT_OF = 1000
"""The random networks of `make random-networks`."""

SAMPLES = 24
PROFILE = "rpi-4b"
BENCH = (
    "keyword spotting",
    "visual wake words",
    "ResNet-8",
    "anomaly autoencoder",
    "MobileNetV1-0.25",
    "MNIST",
    "UltraFace slim",
    "UltraFace RFB",
)


@dataclass(frozen=True, slots=True)
class Bundles:
    """What was converted.

    paths: the bundles.
    refused: a sentence for each network that the converter refuses in words; another was drawn in its place.
    failures: a sentence for each at which it broke.
    """

    paths: tuple[Path, ...]
    refused: tuple[str, ...]
    failures: tuple[str, ...]


def make_bundles(data: Path, folder: Path, seed: int) -> Bundles:
    """Convert every network for a board.

    Args:
        data: the folder of real models and pictures.
        folder: where bundles go; those that lie there already are kept, whatever made them.
        seed: chooses the random networks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    refused: list[str] = []
    failures: list[str] = []
    wanted = len(BENCH) + RANDOM_NETWORKS
    for name, make in chain(_bench(data), _random(folder, seed)):
        if len(paths) + len(failures) == wanted:
            break
        out = folder / f"{name}.bundle"
        try:
            if not out.exists():
                make(out)
            paths.append(out)
        except LeptonError as error:
            (refused if name.startswith("random") else failures).append(f"{name}: {error}")
        except Exception as error:  # noqa: BLE001 - any fault of the converter is a finding, and the next goes on
            failures.append(f"{name}: {type(error).__name__}: {error}")
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return Bundles(tuple(paths), tuple(refused), tuple(failures))


def _bench(data: Path) -> Iterator[tuple[str, Callable[[Path], object]]]:
    for each in NETWORKS:
        if each.name in BENCH and each.inputs is not None:
            known, model = each.inputs(data)[0], data / each.source
            samples = [one[None] for one in known[:SAMPLES]]
            name = each.name.replace(" ", "-").lower()
            yield (
                name,
                lambda out, model=model, samples=samples: convert(
                    model, profile=PROFILE, calibration=samples, out=out, force=True
                ),
            )


def _random(folder: Path, seed: int) -> Iterator[tuple[str, Callable[[Path], object]]]:
    for number in Random(seed).sample(range(OUT_OF), OUT_OF):
        path = folder / f"random-{number:03}.tflite"
        yield path.stem, lambda out, number=number, path=path: _pack(network(number), path, out)


def _pack(drawn: Network, path: Path, out: Path) -> None:
    """A bundle of a random network, quantised by its own recipe."""
    path.write_bytes(write_tflite(drawn.graph))
    source = load_model(path, Description(), pictures=False)
    made = quantize(drawn.graph, drawn.samples, drawn.recipe)
    # An output that becomes float behind a DEQUANTIZE has a name of its own.
    outputs = [
        _stored_output(output, made.graph.tensors[name]).model_copy(update={"tensor": name})
        for output, name in zip(source.manifest.outputs, made.graph.outputs, strict=True)
    ]
    artefact = Artefact(
        model=made.content,
        spec=_stored_input(source.manifest.input, made.graph.tensors[made.graph.inputs[0]]),
        outputs=tuple(outputs),
        precision="mixed" if made.float_operators else "int8",
        operators=_operators(made.graph),
        shares=precision_shares(made.graph),
        settings={"network": str(drawn)},
        notes=(),
    )
    samples = [Sample(values, str(place)) for place, values in enumerate(drawn.samples)]
    draft = complete(draft_bundle(source, artefact, load_profile(PROFILE), {"calibration": "random"}), samples, None)
    write_bundle(out, draft.manifest, draft.members)
