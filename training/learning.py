"""From a dataset to a bundle: good parts are learned, then the labelled defects, where there are enough of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import BadInputError
from training.checks.amount import require_different_parts
from training.checks.drawings import require_fitting_drawings
from training.checks.families import family_names, likeness
from training.checks.learned_parts import LearnedParts
from training.checks.looked import look_at
from training.checks.pictures import check_sizes
from training.dataset import Photographs, dataset_version
from training.dataset.amounts import drawn_by_lot
from training.dataset.judged_split import TRAIN_SPLIT
from training.dataset.picture_names import doubtful_labels, doubtful_names
from training.dataset.split_notes import split_notes
from training.dataset.subjects import are_sounds
from training.detectors.float_bundle import DATASET, DEFECTS, PHOTOGRAPHS, bundle_name, digest_of, float_bundle
from training.detectors.sight import AS_USUAL
from training.detectors.threshold_rule import ThresholdRule
from training.good_parts import learn_good
from training.heads.labelled import teach_samples, why_not

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from edge_contracts.manifest import Manifest
    from training.checks.looked import Looked
    from training.dataset import Sample
    from training.detectors.learn import Backbone, Detector, Sight
    from training.heads.joining import Taught

    Progress = Callable[[int], object]

LOGNORMAL = ThresholdRule()
NAMED_AT_ONCE = 5
SLOWEST_SOUND_HZ = 4000
"""Half of the slowest rate at which microphones record speech; a press or a spindle is often slower."""

MOST_EARS = 2


@dataclass(frozen=True, slots=True)
class Learned:
    """What a dataset taught.

    version: of the dataset, all of it.
    good, defects: what was learned. defects is empty where good parts were learned alone.
    taught: what the defects brought; None without them. Its detector is `detector`.
    backbone: what the detector sees with; None for Gabor layers.
    sight: how it was told to look.
    parts: by what all that were learned are known again.
    notes: sentences for the user.
    """

    detector: Detector
    version: str
    good: tuple[Sample, ...]
    defects: tuple[Sample, ...]
    taught: Taught | None
    backbone: Backbone | None
    sight: Sight
    parts: LearnedParts
    notes: tuple[str, ...]


def learn_dataset(
    samples: Sequence[Sample],
    source: Path,
    *,
    backbone: Backbone | None,
    kind: str = "auto",
    sight: Sight = AS_USUAL,
    rule: ThresholdRule = LOGNORMAL,
    seed: int,
    good_only: bool,
    progress: Progress | None = None,
) -> Learned:
    """Learn the samples, of a source with splits those that are for training.

    Args:
        samples: of all labels.
        source: where they are from, for messages.
        backbone: what to see with; None for Gabor layers.
        kind: of detector, or `auto`.
        sight: input size, layer and copies, where the rules shall not decide.
        rule: how the threshold is set.
        seed: shuffles the cross-validations.
        good_only: leave labelled defects away.
        progress: called with the number of pictures read.

    Raises:
        BadInputError: no or too few good parts, or a picture that cannot be read.
    """
    good, defects, notes = _lots(samples, source, seed, sight, good_only=good_only)
    looked = _looked([*good, *defects], sight, progress)
    version = dataset_version(samples, {one.sample.path: one.digest for one in looked.facts})
    alike = likeness(looked)
    families = family_names(looked, alike)
    detector = learn_good(
        good,
        groups=families[: len(good)],
        backbone=backbone,
        kind=kind,
        rule=rule,
        seed=seed,
        sight=sight,
        progress=progress,
    )
    refusal, taught = why_not(good, defects, families), None
    if defects and not refusal:
        taught = teach_samples(
            detector, good, defects, families=families, backbone=backbone, rule=rule, seed=seed, progress=progress
        )
        detector = taught.detector
    learned = tuple(defects) if taught else ()
    last = len(good) + len(learned)
    parts = LearnedParts.of(looked.facts[:last], families[:last], by_look=not looked.readings)
    sizes = (one.sentence for one in check_sizes(looked))
    told = tuple(note for note in (*notes, *sizes, _no_sounds(looked), refusal, alike.remark) if note)
    return Learned(detector, version, tuple(good), learned, taught, backbone, sight, parts, told)


def packed(learned: Learned, output: Path, seed: int, created: datetime) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest and the members of the float bundle.

    Args:
        learned: what was learned.
        output: where the bundle will stand; gives it its name.
        seed: told in its provenance.
        created: the time of making.
    """
    inputs = {DATASET: learned.version, PHOTOGRAPHS: digest_of(one.path for one in learned.good)}
    if learned.backbone is not None:
        inputs["backbone"] = hashlib.sha256(learned.backbone.model).hexdigest()
    detector = learned.detector
    settings: dict[str, Any] = {
        "detector": detector.selection.kind,
        "layer_stride_px": detector.selection.stride_px,
        "features": detector.method,
        "photographs": len(learned.good),
        "copies_of_each": detector.copies,
        "seed": seed,
        "overkill": detector.threshold.overkill,
        "threshold": detector.threshold.rule,
    }
    if learned.sight.recipe is not None:
        settings["recipe"] = learned.sight.recipe.model_dump(mode="json", exclude_defaults=True)
    if detector.threshold.confidence is not None:
        settings["confidence"] = detector.threshold.confidence
    if learned.taught is not None:
        inputs[DEFECTS] = digest_of(one.path for one in learned.defects)
        settings |= {"defects": learned.taught.defects, "defects_joined_by": learned.taught.choice}
    good, defects = (() if are_sounds(some) else Photographs(some) for some in (learned.good, learned.defects))
    return float_bundle(
        detector,
        name=bundle_name(output),
        inputs=inputs,
        settings=settings,
        created=created,
        learned=learned.parts,
        good=good,
        defective=defects,
        notes=learned.notes,
    )


def _looked(samples: Sequence[Sample], sight: Sight, progress: Progress | None) -> Looked:
    """What samples are like that can be learned."""
    looked = look_at(samples, progress, readings=sight.readings)
    looked.require_readable()
    require_fitting_drawings(looked)
    require_different_parts(looked)
    return looked


def _lots(
    samples: Sequence[Sample], source: Path, seed: int, sight: Sight, *, good_only: bool
) -> tuple[list[Sample], list[Sample], list[str]]:
    """Good and defective ones that are learned, and what is to be said of them; sentences may be empty."""
    found = to_learn(samples, source)
    left_away = good_only or sight.readings
    good, defects = (drawn_by_lot(some, seed) for some in (found[0], [] if left_away else found[1]))
    thinned = (_thinned("good parts", good, found[0]), _thinned("defects", defects, found[1]))
    left = (*thinned, *split_notes(source, samples))
    if sight.readings and not good_only:
        return good, [], [doubtful_names(good), _judge_only(found[1]), *left]
    return good, defects, [doubtful_names(good), doubtful_labels(defects), *left]


def _judge_only(defects: Sequence[Sample]) -> str:
    """A sentence where there are defects among readings: no head learns these."""
    if not defects:
        return ""
    return (
        f"{len(defects)} labelled defects were not learned: a sensor's readings are learned from good parts alone; "
        "judge with them ('lepton evaluate')"
    )


def _no_sounds(looked: Looked) -> str:
    """A sentence where recordings that were heard as sounds look like a sensor's readings; else empty."""
    sounds = [] if looked.readings else [one.sound for one in looked.facts if one.sound is not None]
    odd = next((one for one in sounds if one.rate_hz < SLOWEST_SOUND_HZ or one.channels > MOST_EARS), None)
    if odd is None:
        return ""
    channels = f"{odd.channels} channel{'s' if odd.channels > 1 else ''}"
    return (
        f"heard recordings of {channels} at {odd.rate_hz} Hz as sounds; if a sensor measured them, learn them with "
        "--readings"
    )


def _thinned(what: str, learned: Sequence[Sample], found: Sequence[Sample]) -> str:
    if not 0 < len(learned) < len(found):
        return ""
    # Of a group some may be drawn and some not.
    apart = "" if found[0].split else "; to judge, part the set first with 'lepton data split': the rest has relatives"
    return f"learned {len(learned):,} of {len(found):,} {what}, drawn by lot from the seed: more bring nothing{apart}"


def _counted(names: Iterable[str]) -> str:
    """Which there are, the most frequent first, and how often."""
    most = Counter(names).most_common(NAMED_AT_ONCE + 1)
    more = ", …" if len(most) > NAMED_AT_ONCE else ""
    return ", ".join(f"{name}: {count}" for name, count in most[:NAMED_AT_ONCE]) + more


def to_learn(samples: Sequence[Sample], source: Path) -> tuple[list[Sample], list[Sample]]:
    """Good and defective ones, of a source with splits those that are for training, in the order of their paths.

    The order of a manifest's rows says nothing, and another one would shuffle other folds and choose another detector.

    Raises:
        BadInputError: none is good.
    """
    has_splits = any(one.split for one in samples)
    chosen = [one for one in samples if not has_splits or one.split == TRAIN_SPLIT]
    chosen.sort(key=lambda one: one.path)
    good, defects = ([one for one in chosen if one.is_good is kind] for kind in (True, False))
    if not good:
        where = f" with split {TRAIN_SPLIT!r}" if has_splits else ""
        splits = f"; splits {_counted(one.split or 'none' for one in samples)}" if has_splits else ""
        raise BadInputError(
            f"wanted rows labelled good or normal{where} in {source}, found none among {len(samples)} (labels "
            f"{_counted(one.label for one in samples)}{splits}); label good parts so"
            f"{f', and give those to learn the split {TRAIN_SPLIT}' if has_splits else ''}"
        )
    return good, defects
