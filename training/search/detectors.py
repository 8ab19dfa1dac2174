"""Detectors of good parts and of a few labelled defects: what `lepton train` offers for them, and how one is judged.

With enough labelled defects it is the AUROC of parts that were held out in turn, relatives together; without, the
separation of faults that are drawn on held-out good parts. Both are what `lepton train` chooses by. Rows of the split
`test` take no part.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from converters.calibration.samples import picture_sample
from converters.gate.latency import median_ms
from edge_contracts.bundle import Bundle, encode_manifest, write_bundle
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import ImageInput
from edge_runtime.infer.predictor import Predictor
from training.augmentation.recipe import read_recipe
from training.backbone.choice import NONE, chosen_backbone
from training.backbone.own import NAME
from training.backbone.shelf import users_shelf
from training.checks.drawings import require_fitting_drawings
from training.checks.families import family_names
from training.checks.looked import look_at
from training.dataset import Photographs, dataset_version
from training.dataset.amounts import drawn_by_lot
from training.detector_options import SightOptions
from training.detectors.learn import separation_of
from training.heads.labelled import why_not
from training.learning import learn_dataset, packed, to_learn
from training.search.judged import Judged
from training.search.options import BACKBONES, DETECTORS, FINE, OWN, SIDES, USUAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training.dataset import Sample
    from training.detectors.learn import Sight
    from training.detectors.sight import Backbone
    from training.learning import Learned
    from training.search.space import Criterion, Params

AUTO = "auto"
"""The detector that `lepton train` chooses by itself."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Good and defective samples that are learned, and a name for each, the good ones first, that relatives share."""

    good: tuple[Sample, ...]
    defects: tuple[Sample, ...]
    families: tuple[str, ...]

    @property
    def numbers(self) -> tuple[int, ...]:
        """A number in place of each name."""
        found: dict[str, int] = {}
        return tuple(found.setdefault(name, len(found)) for name in self.families)


@dataclass(frozen=True, slots=True)
class DetectorSpace:
    """A `training.search.space.Space`.

    samples: the whole dataset, of which rows for judging are left alone. source: where it is from.
    lot: of `lot_of`, with the same seed.
    backbones, detectors, sides, recipes: what is tried; the first of each is the usual one.
    seed: of every training.
    """

    samples: Sequence[Sample]
    source: Path
    lot: Lot
    backbones: tuple[str, ...] = BACKBONES
    detectors: tuple[str, ...] = DETECTORS
    sides: tuple[str, ...] = SIDES
    recipes: tuple[str, ...] = (USUAL,)
    seed: int = 0

    @property
    def criterion(self) -> Criterion:
        """By the defects that there are to learn."""
        return "auroc" if self.lot.defects and not self.note else "separation"

    @property
    def note(self) -> str:
        """Why labelled defects do not count."""
        return why_not(self.lot.good, self.lot.defects, self.lot.families)

    @property
    def about(self) -> Mapping[str, str]:
        """Recipes and backbones by what is in them, not by their names alone."""
        backbones = [(one, _digest(chosen_backbone(one, users_shelf()))) for one in self.backbones]
        recipes = [(one, _recipe(one)) for one in self.recipes]
        options = [backbones, self.detectors, self.sides, recipes, self.seed]
        return {
            "data": dataset_version(self.samples),
            "options": hashlib.sha256(json.dumps(options).encode()).hexdigest(),
            "criterion": self.criterion,
            "version": f"lepton-edge {version('lepton-edge')}",
        }

    @property
    def usual(self) -> Params:
        """The first of each."""
        return {name: values[0] for name, values in self.choices.items()}

    @property
    def choices(self) -> Mapping[str, Sequence[str]]:
        """Four things that may differ."""
        return {
            "backbone": self.backbones,
            "detector": self.detectors,
            "side": self.sides,
            "augment": self.recipes,
        }

    @property
    def ranges(self) -> Mapping[str, tuple[float, float]]:
        """None: what a detector learns has no rate."""
        return {}

    @property
    def all(self) -> Sequence[Params]:
        """Every combination but a finer layer of Gabor features, which have one."""
        everything: list[Params] = [
            dict(zip(self.choices, values, strict=True)) for values in product(*self.choices.values())
        ]
        return [one for one in everything if one["backbone"] != NONE or not str(one["detector"]).endswith(FINE)]

    def judge(self, params: Params) -> Judged:
        """Learn the rows for training as `lepton train` would, and measure the file."""
        learned = self.learn(params)
        model_bytes, ms = self._cost(learned)
        taught = learned.taught
        if taught is None:
            return Judged(self._separation(learned, params), model_bytes, ms)
        return Judged(
            taught.aurocs[taught.choice],
            model_bytes,
            ms,
            good=learned.detector.good_scores,
            defective=taught.defect_scores,
            groups=self.lot.numbers,
        )

    def learn(self, params: Params) -> Learned:
        """What `lepton train` learns when it is told the same."""
        kind, sight = _kind_and_sight(params)
        return learn_dataset(
            self.samples,
            self.source,
            backbone=_backbone(params),
            kind=kind,
            sight=sight,
            seed=self.seed,
            good_only=False,
        )

    def make(self, params: Params, output: Path) -> tuple[str, ...]:
        """As `lepton train` does; its words are without what is as usual."""
        write_bundle(output, *packed(self.learn(params), output, self.seed, datetime.now(timezone.utc)))
        kind, _, layer = str(params["detector"]).partition("/")
        said = {
            "--backbone": (params["backbone"], NAME),
            "--detector": (kind, AUTO),
            "--layer": (layer, ""),
            "--side": (params["side"], OWN),
            "--augment": (params["augment"], USUAL),
            "--seed": (self.seed, 0),
        }
        return tuple(str(word) for option, (value, usual) in said.items() if value != usual for word in (option, value))

    def _separation(self, learned: Learned, params: Params) -> float:
        """`auto` has compared already, and tells what it found of the one that it took."""
        found = learned.detector.selection
        for one in found.trials:
            if (one.kind, one.stride_px) == (found.kind, found.stride_px):
                return one.separation
        kind, sight = _kind_and_sight(params)
        return separation_of(
            Photographs(learned.good),
            groups=self.lot.families[: len(learned.good)],
            backbone=_backbone(params),
            kind=kind,
            sight=sight,
            seed=self.seed,
        )

    def _cost(self, learned: Learned) -> tuple[int, float]:
        """Bytes of the model, and milliseconds: the converter leaves a detector's arithmetic as it is."""
        manifest, members = packed(learned, Path("trial.bundle"), self.seed, datetime.now(timezone.utc))
        content = {one.path: members[one.path] for one in manifest.files}
        predictor = Predictor.load(Bundle(manifest, hashlib.sha256(encode_manifest(manifest)).hexdigest(), content))
        spec = manifest.input
        if not isinstance(spec, ImageInput):
            raise BadInputError("wanted photographs to search with, found sounds; 'lepton train' learns those")
        sample = picture_sample(Photographs(learned.good)[0], spec, "")
        (ms,) = median_ms((predictor,), sample)
        predictor.close()
        return len(content[manifest.model_path]), ms


def lot_of(samples: Sequence[Sample], source: Path, seed: int) -> Lot:
    """What `lepton train` learns of a dataset with this seed.

    Raises:
        BadInputError: none is good, or a file cannot be read.
    """
    good, defects = (drawn_by_lot(some, seed) for some in to_learn(samples, source))
    looked = look_at([*good, *defects], None)
    looked.require_readable()
    require_fitting_drawings(looked)
    return Lot(tuple(good), tuple(defects), tuple(family_names(looked)))


def _backbone(params: Params) -> Backbone | None:
    return chosen_backbone(str(params["backbone"]), users_shelf())


def _kind_and_sight(params: Params) -> tuple[str, Sight]:
    kind, _, layer = str(params["detector"]).partition("/")
    side = None if params["side"] == OWN else int(params["side"])
    recipe = None if params["augment"] == USUAL else Path(str(params["augment"]))
    return kind, SightOptions(side, layer or None, recipe).sight()


def _digest(backbone: Backbone | None) -> str:
    return "" if backbone is None else hashlib.sha256(backbone.model).hexdigest()


def _recipe(name: str) -> str:
    return "" if name == USUAL else read_recipe(Path(name)).model_dump_json()
