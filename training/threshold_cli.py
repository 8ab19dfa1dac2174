"""`lepton threshold`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_contracts.bundle import read_bundle, require_bundle_name, write_bundle
from edge_contracts.document_text import document_text
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import AnomalyRule, SeriesInput
from training.detector_options import ThresholdOptions, threshold_options
from training.progress_bar import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.bundle import Bundle
    from training.checks.facts import Facts
    from training.checks.looked import Looked
    from training.dataset import Sample
    from training.detectors.threshold_rule import ThresholdRule
    from training.threshold_revision import Revision

NAMED = 10
MOST_OVERKILL = 0.5


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--data", "source", required=True, type=click.Path(path_type=Path), help="Folder per class, or manifest.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Where to write the new bundle.")
@click.option("--split", help="Take rows of this split only; `test` by default where the manifest has such rows.")
@threshold_options
@click.option(
    "--most-overkill",
    type=click.FloatRange(0, 0.5, min_open=True, max_open=True),
    help="How far confirmed defects may lower the threshold; twice the overkill by default.",
)
@click.option("--runtime", default="auto", show_default=True, type=click.Choice(["auto", "litert", "tflite", "onnx"]))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def threshold(
    bundle: Path,
    source: Path,
    output: Path,
    split: str | None,
    limit: ThresholdOptions,
    most_overkill: float | None,
    runtime: str,
    *,
    as_json: bool,
) -> None:
    """Set the threshold of BUNDLE again, from parts of the line.

    Good parts that the detector has not learned, twenty or more, and the first confirmed defects where there are some:
    a folder per class with one called good or normal, or a manifest. They are scored with this machine's runtime and
    kernels, so run it on the board or on a machine with the same ones. Good parts set the threshold; a confirmed defect
    that would pass lowers it, at most to the most overkill. Everything else of the bundle stays as it is.
    """
    from edge_runtime.infer.predictor import Predictor  # noqa: PLC0415 - --help needs no runtime
    from training.dataset import read_dataset  # noqa: PLC0415 - the same
    from training.dataset.judged_split import to_judge  # noqa: PLC0415 - the same
    from training.evaluation import evaluate_samples  # noqa: PLC0415 - the same
    from training.threshold_revision import revised_threshold  # noqa: PLC0415 - the same

    require_bundle_name(output)
    wish, most = limit.threshold_rule(), _most(limit.overkill, most_overkill)
    old = _judging(bundle)
    chosen, _ = to_judge(read_dataset(source), split, source)
    samples = sorted(chosen, key=lambda one: not one.is_good)
    with progress_bar("looking", len(samples), quiet=as_json) as advance:
        names = _families(_looked(old, samples, advance), wish)
    predictor = Predictor.load(old, runtime=runtime)
    with progress_bar("judging", len(samples), quiet=as_json) as advance:
        found = evaluate_samples(predictor, samples, monotonic_ns=time.monotonic_ns, progress=advance)
    good = [one.score for one in found.judged if one.is_good]
    defects = [one.score for one in found.judged if not one.is_good]
    revision = revised_threshold(good, defects, names, wish, most)
    settings: dict[str, Any] = {"rule": wish.name, "overkill": wish.overkill, "most_overkill": most}
    settings["kernels"] = predictor.backend.kernels
    if revision.rule.confidence is not None:
        settings["confidence"] = revision.rule.confidence
    digest = _written(output, old, revision, good, samples, settings)
    document = _document(old, revision, samples[len(good) :], output, digest)
    document |= {"settings": settings, "good": len(good), "different_good_parts": _different(names[: len(good)])}
    document["different_defects"] = len(set(names[len(good) :]))
    click.echo(document_text(document) if as_json else _text(document))


def _looked(bundle: Bundle, samples: Sequence[Sample], progress: Callable[[int], object] | None) -> Looked:
    """What the samples are like, all of them readable and none of them learned."""
    from training.checks.looked import look_at  # noqa: PLC0415 - as above

    looked = look_at(samples, progress, readings=isinstance(bundle.manifest.input, SeriesInput))
    looked.require_readable()
    _require_unlearned(bundle, looked.facts)
    return looked


def _families(looked: Looked, rule: ThresholdRule) -> list[str]:
    """A name per sample, relatives sharing one; refused where too few good parts are different for the rule."""
    from training.checks.families import family_names  # noqa: PLC0415 - as above
    from training.dataset.amounts import (  # noqa: PLC0415 - the same
        FEWEST_PARTS,
        FEWEST_RECORDINGS,
        counted_once,
        require_enough,
    )
    from training.dataset.subjects import are_sounds  # noqa: PLC0415 - the same

    samples = [one.sample for one in looked.facts]
    names = family_names(looked)
    good = [name for name, one in zip(names, samples, strict=True) if one.is_good]
    rule.require_enough(good)
    fewest, what = (FEWEST_RECORDINGS, "recordings") if are_sounds(samples) else (FEWEST_PARTS, "photographs")
    require_enough(len(set(good)), fewest, f"different {what}", counted_once(good))
    return names


def _different(names: Sequence[str]) -> dict[str, int]:
    """How many parts there are when relatives count once, and how many are missing to what is advised."""
    from training.dataset.amounts import ADVISED_PARTS  # noqa: PLC0415 - as above

    found = len(set(names))
    return {"found": found, "advised": ADVISED_PARTS, "missing": max(0, ADVISED_PARTS - found)}


def _judging(path: Path) -> Bundle:
    bundle = read_bundle(path)
    if not isinstance(bundle.manifest.rule, AnomalyRule):
        raise BadInputError(
            f"wanted a bundle with one threshold of an anomaly score, found one of the rule "
            f"{bundle.manifest.rule.kind!r}: {path}; set its limits in station.toml"
        )
    return bundle


def _most(overkill: float, most_overkill: float | None) -> float:
    """How far confirmed defects may lower the threshold."""
    if most_overkill is None:
        return min(MOST_OVERKILL, 2 * overkill)
    if most_overkill < overkill:
        raise BadInputError(
            f"wanted a most overkill of {overkill:g} or more, as good parts alone may cost, found {most_overkill:g}; "
            "raise --most-overkill, or lower --overkill"
        )
    return most_overkill


def _require_unlearned(bundle: Bundle, facts: Sequence[Facts]) -> None:
    from training.checks.known_again import learned_parts  # noqa: PLC0415 - as above

    learned = learned_parts(bundle)
    if learned is not None and (known := learned.known(facts)):
        names = ", ".join([*(one.sample.path.name for one in known[:NAMED]), *(["…"] if len(known) > NAMED else [])])
        rest = "leave them out, or " if len(known) < len(facts) else ""
        raise BadInputError(
            f"wanted parts that the detector has not learned, found {len(known)} of {len(facts)} that taught it or are "
            f"nearly the same as one that did ({names}): their scores are too good; {rest}"
            "take new ones from the line"
        )


def _written(
    output: Path,
    old: Bundle,
    revision: Revision,
    good: Sequence[float],
    samples: Sequence[Sample],
    settings: dict[str, Any],
) -> str:
    from training.detectors.float_bundle import digest_of  # noqa: PLC0415 - as above
    from training.revised_bundle import revised_bundle  # noqa: PLC0415 - the same

    inputs = {"judged": digest_of(one.path for one in samples)}
    return write_bundle(output, *revised_bundle(old, revision, good, inputs, settings))


def _document(old: Bundle, revision: Revision, defects: Sequence[Sample], output: Path, digest: str) -> dict[str, Any]:
    share = revision.overkill_interval
    before = old.manifest.rule.threshold if isinstance(old.manifest.rule, AnomalyRule) else None
    return {
        "bundle": str(output),
        "digest": digest,
        "sequence": old.manifest.sequence + 1,
        "threshold": {"value": revision.value, "before": before, "good_parts_alone": revision.rule.value},
        "overkill": {"value": revision.overkill, "low": share.low, "high": share.high},
        "defects": len(defects),
        "lowered_for": [str(defects[place].path) for place in revision.lowered_for],
        "missed": [str(defects[place].path) for place in revision.missed],
        "escape_bound": revision.escape_bound,
    }


def _text(document: dict[str, Any]) -> str:
    limit, share, different = document["threshold"], document["overkill"], document["different_good_parts"]
    good = f"{document['good']} good parts{_in_groups(document['good'], different['found'])}"
    lines = [
        f"threshold {limit['value']:.4g} (was {limit['before']:.4g}; good parts alone give "
        f"{limit['good_parts_alone']:.4g})",
        f"rejects {share['value']:.1%} of {good} (95 % interval {share['low']:.1%} to {share['high']:.1%})",
    ]
    if different["missing"]:
        lines.append(
            f"rests on {different['found']} different good parts; {different['advised']} or more are advised: take "
            f"{different['missing']} more"
        )
    if document["defects"]:
        caught = document["defects"] - len(document["missed"])
        lines.append(
            f"catches {caught} of {document['defects']} defects"
            f"{_in_groups(document['defects'], document['different_defects'])}; at 95 % the line's escape may still be "
            f"{document['escape_bound']:.0%}"
        )
    for what, key in (("lowered for", "lowered_for"), ("still passes", "missed")):
        names = [Path(path).name for path in document[key]]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        lines += [f"{what}: {', '.join(names[:NAMED])}{more}"] if names else []
    return "\n".join([*lines, f"wrote {document['bundle']} (sequence {document['sequence']})"])


def _in_groups(pictures: int, groups: int) -> str:
    """Where some are relatives, which count once."""
    return "" if groups == pictures else f" in {groups} group{'s' if groups > 1 else ''}"
