"""What models answer to the same inputs, each model run once however often it is compared."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from converters.calibration.samples import Sample
    from edge_runtime.frames import Scores
    from edge_runtime.infer.predictor import Predictor

KEPT = 3
"""Models whose answers are held: float, and the artefact with both kernel sets."""

LANES = 2
"""Models that run at a time, each on one thread."""


class Answers:
    """The answers to one set of inputs.

    Args:
        samples: the inputs.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = samples
        self._known: dict[object, list[Scores]] = {}

    def of(
        self, models: Sequence[Predictor], progress: Callable[[float], None] = lambda _done: None
    ) -> list[list[Scores]]:
        """Each model's answers, in the order of the inputs; those that were not asked before run side by side.

        Args:
            models: with one input specification or different ones; a picture is prepared for each.
            progress: told the fraction of the runs that is done, on any thread.
        """
        names = [_name(model) for model in models]
        fresh = [place for place, name in enumerate(names) if name not in self._known]
        done, lock, runs = count(1), Lock(), len(fresh) * len(self.samples)

        def answer(sample: Sample, model: Predictor) -> Scores:
            scores = _score(model, sample)
            with lock:
                progress(next(done) / runs)
            return scores

        with ThreadPoolExecutor(LANES, "lepton-answers") as pool:
            running = {
                names[place]: pool.submit(lambda one: [answer(sample, one) for sample in self.samples], models[place])
                for place in fresh
            }
            found = self._known | {name: future.result() for name, future in running.items()}
        self._known = dict(list(found.items())[-KEPT:])
        return [found[name] for name in names]


def _name(model: Predictor) -> object:
    """The file, how it is fed, and whose kernels run it."""
    manifest, backend = model.manifest, model.backend
    file = next(entry.sha256 for entry in manifest.files if entry.path == manifest.model_path)
    fed = (manifest.input.model_dump_json(), tuple(output.model_dump_json() for output in manifest.outputs))
    return file, fed, backend.runtime, backend.kernels


def _score(model: Predictor, sample: Sample) -> Scores:
    pixels = sample.pixels
    return model.predict_tensor(sample.values) if pixels is None else model.predict(pixels)
