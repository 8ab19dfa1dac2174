"""From a float model to a bundle for one board: load, quantise, verify, pack, report.

No bundle is written before the end. With a store, the result of each step is kept, and a second conversion computes
only the steps whose inputs changed. Times and memory are measured anew each time.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from converters.artefact import make_artefact
from converters.bundle.pack import complete, draft_bundle
from converters.cache import StepCache
from converters.cache.key import file_fingerprint, fingerprint
from converters.cache_forms import ArtefactForm, BundleForm, ComparisonForm
from converters.calibration.class_folders import class_folder_note
from converters.calibration.samples import ADVISED_SAMPLES, find_calibration, read_samples
from converters.gate.answers import Answers
from converters.gate.joined_parts import joined_parts
from converters.gate.latency import median_ms
from converters.gate.peak_memory import memory_misfit, peak_memory_bytes
from converters.gate.verify import Comparison, compare, judge
from converters.isolation.forking import forked_children
from converters.isolation.trial import TrialChild
from converters.judged_card import Judged, card_of
from converters.load import Description, load_model, sample_axes, used_input_size
from converters.report import Page, render
from converters.wishes import BEST, Wishes
from device_profiles import load_profile
from edge_contracts.bundle import CARD, REPORT, digest_at, require_bundle_name, write_bundle
from edge_contracts.errors import BadInputError, RefusedError
from edge_runtime.infer.predictor import Predictor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from converters.artefact import Artefact
    from converters.bundle.pack import Draft
    from converters.cache import StepRun, Store
    from converters.calibration.samples import Calibration, Sample
    from converters.treatment import MixedPrecision
    from device_profiles.board import Profile
    from edge_contracts.bundle import Bundle
    from edge_contracts.card import Card

    Progress = Callable[[str, float], None]


class GateRefused(RefusedError, ValueError):
    """The finished artefact loses more than the profile allows; nothing was written."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What `convert` made.

    path, digest: the bundle. card: what was measured. comparison: float against artefact, sample by sample.
    steps: what was computed and what an earlier conversion had left, in run order.
    replaced: the digest of the bundle that was at `path` before; empty where none was.
    """

    path: Path
    digest: str
    card: Card
    comparison: Comparison
    steps: tuple[StepRun, ...] = ()
    replaced: str = ""


@forked_children()
def convert(
    model: str | Path,
    *,
    profile: str | Profile,
    calibration: str | Path | Sequence[npt.NDArray[Any]],
    out: str | Path,
    description: Description | None = None,
    form: Literal["auto", "tflite", "onnx"] = "auto",
    force: bool = False,
    mixed_precision: MixedPrecision = "auto",
    activations: Literal["int8", "int16"] = "int8",
    int4: Sequence[str] = (),
    calibration_rule: str = BEST,
    progress: Progress = lambda _stage, _done: None,
    cache: Store | None = None,
) -> Conversion:
    """Convert one model for one board.

    Args:
        model: a bundle of `lepton train`, or a float model in any form that `load_model` takes.
        profile: the board, or its name.
        calibration: a folder of pictures, `.wav` sounds or `.npy`/`.bin` arrays, such as a station recorded them; or
            arrays, each a picture (H×W×3 uint8 RGB) or whole inputs of the model (float32); or `random`.
        out: the bundle to write.
        description: what a bare model does not say of itself.
        form: what an ONNX model becomes; `auto` is what the profile's best runtime runs. Other models keep their form.
        force: pack what the gate refuses; the card says so.
        mixed_precision: how many operators of an int8 network stay float: at most so many; `off` for none; `auto` for
            as few as the gate asks for, and none where it lets int8 pass.
        activations: `int8`, or `int16` with int8 weights, for accuracy where the board's runtime has kernels for it.
        int4: patterns (`CONV_2D`, `head/*`) for the kinds and output names of operators that get int4 weights.
        calibration_rule: how an activation's range is chosen, one of `converters.quantize.ranges.RULES`; `best` to try
            them all.
        progress: told the stage and the fraction of it that is done, 0 to 1, on any thread.
        cache: where the results of steps are kept for the next conversion, such as `default_store()`; None for nowhere.

    Raises:
        BadInputError: the model, the calibration data or the output path cannot be used.
        GateRefused: the loss is above the profile's limits.
    """
    model, out = Path(model), Path(out)
    profile = load_profile(profile) if isinstance(profile, str) else profile
    require_bundle_name(out)
    _require_form(form)
    wishes = Wishes(mixed_precision, activations, tuple(int4), calibration_rule)
    _refuse_itself(model, out)
    found = find_calibration(calibration)
    steps = StepCache(cache)
    said = description or Description()
    source = _loaded(steps, model, said, found, progress, lower=_lowers(profile, form))
    _refuse_unused(source, form, said)
    with closing(TrialChild()) as child:
        answers = Answers(_samples(source, found, progress, calibration))
        is_random = found.kind == "random"
        artefact = _quantised(source, answers, profile, wishes, steps, progress, child, is_random=is_random)
    draft = draft_bundle(source, artefact, profile, _told_inputs(found, answers.samples))
    judged = _verified(source, artefact, draft, answers, profile, steps, force=force, found=found, tell=progress)
    _require_passed(judged, profile)
    return _packed(draft, judged, profile, found.sentence, out, steps, progress)


def _packed(
    draft: Draft, judged: Judged, profile: Profile, sentence: str, out: Path, steps: StepCache, tell: Progress
) -> Conversion:
    draft = complete(draft, judged.samples, None if judged.gate.verdict == "reported" else judged.comparison)
    card = card_of(judged, profile, sentence)
    tell("pack", 0.5)
    page = Page(draft.manifest, card, judged.source.manifest, judged.comparison, tuple(judged.samples))
    html = render(page, draft.bundle())
    members = {**draft.members, CARD: card.model_dump_json(indent=2).encode(), REPORT: html.encode()}
    replaced = digest_at(out)
    digest = write_bundle(out, draft.manifest, members)
    tell("pack", 1.0)
    return Conversion(out, digest, card, judged.comparison, tuple(steps.runs), replaced)


def _refuse_itself(model: Path, out: Path) -> None:
    if out.exists() and model.exists() and out.samefile(model):
        raise BadInputError(f"wanted another file to write to, found that {out} is the model itself; give another name")


def _require_passed(judged: Judged, profile: Profile) -> None:
    if judged.gate.verdict == "refused":
        reasons = "; ".join(judged.gate.reasons)
        raise GateRefused(
            f"wanted {judged.source.manifest.name} within the limits of {profile.name}, found: {reasons}; nothing was "
            f"written. {_more_data(judged.given)}, or pack it anyway with --force"
        )


def _more_data(given: int) -> str:
    if given >= ADVISED_SAMPLES:
        return "Give calibration data that look like the line's"
    inputs = "1 input is" if given == 1 else f"{given} inputs are"
    return f"{inputs} few to judge by: give {ADVISED_SAMPLES} or more that look like the line's"


def _loaded(
    steps: StepCache, model: Path, said: Description, found: Calibration, tell: Progress, *, lower: bool
) -> Bundle:
    pictures = None if found.kind == "random" else found.kind == "pictures"

    def load() -> Bundle:
        return load_model(model, said, pictures=pictures, lower=lower, progress=tell)

    # What is no file is the import path of a module, whose code may be anywhere.
    if not model.exists():
        return load()
    return steps.run(
        "load", lambda: fingerprint(model.name, file_fingerprint(model), said, pictures, lower), load, BundleForm()
    )


def _samples(source: Bundle, found: Calibration, tell: Progress, given: object) -> list[Sample]:
    axes = sample_axes(source.manifest)
    samples = list(read_samples(found, source.manifest.input, axes, lambda done: tell("read", done)))
    if not samples:
        raise BadInputError(f"wanted at least one calibration input, found none in {given}")
    return samples


def _quantised(
    source: Bundle,
    answers: Answers,
    profile: Profile,
    wishes: Wishes,
    steps: StepCache,
    tell: Progress,
    child: TrialChild,
    *,
    is_random: bool,
) -> Artefact:
    # Random inputs prove nothing: the gate asks for no float operator because of them.
    gate = (lambda _: True) if is_random else _gate(source, answers, profile)
    samples = answers.samples
    return steps.run(
        "quantize",
        lambda: _artefact_key(source, samples, profile, wishes),
        lambda: make_artefact(source, samples, profile, tell, wishes, gate, child),
        ArtefactForm(),
    )


def _gate(source: Bundle, answers: Answers, profile: Profile) -> Callable[[Artefact], bool]:
    """Whether the gate would let an artefact pass, as far as its answers go."""
    joined = joined_parts(source)

    def passes(artefact: Artefact) -> bool:
        after = Predictor.load(draft_bundle(source, artefact, profile, {}).bundle())
        comparison = compare(Predictor.load(source), after, answers, joined)
        return judge(comparison, profile.limits, random_inputs=False, force=False).verdict == "passed"

    return passes


def _artefact_key(source: Bundle, samples: Sequence[Sample], profile: Profile, wishes: Wishes) -> str:
    """All that the artefact may depend on: the network and what is said of it, but not its name or where it is from."""
    told = source.manifest.model_dump(mode="json", exclude={"name", "sequence", "files", "provenance"})
    return fingerprint(source.model, told, profile, _given(samples), wishes)


def _comparison_key(source: Bundle, draft: Draft, samples: Sequence[Sample]) -> str:
    models = [(bundle.manifest, bundle.model) for bundle in (source, draft.bundle())]
    return fingerprint(models, _given(samples))


def _told_inputs(found: Calibration, samples: Sequence[Sample]) -> dict[str, str]:
    """For the provenance: a sentence, and SHA-256 of what the float model was fed, wherever that came from.

    Hashed are the values as little-endian float32 in C order, one input behind the other, and nothing else.
    """
    digest = hashlib.sha256()
    for sample in samples:
        digest.update(np.ascontiguousarray(sample.values, "<f4").data)
    return {"calibration": found.sentence, "calibration_sha256": digest.hexdigest()}


def _given(samples: Sequence[Sample]) -> list[Any]:
    return [(sample.label, sample.values, sample.is_picture) for sample in samples]


def _require_form(form: str) -> None:
    if form not in {"auto", "tflite", "onnx"}:
        raise BadInputError(f"wanted the format auto, tflite or onnx, found {form!r}; give one of them")


def _lowers(profile: Profile, form: str) -> bool:
    return profile.runtimes[0].name != "onnx" if form == "auto" else form == "tflite"


def _refuse_unused(source: Bundle, form: str, said: Description) -> None:
    """Refuse a format or a size that was asked for and changed nothing."""
    if form not in {"auto", source.manifest.runtime}:
        raise BadInputError(
            f"wanted an ONNX model for the format {form}, found a {source.manifest.runtime} one; leave the format out"
        )
    if said.input_size is not None and not used_input_size(source.manifest):
        raise BadInputError(
            "wanted a model that leaves its size open for the input size, found one that does not; leave the size out"
        )


def _verified(
    source: Bundle,
    artefact: Artefact,
    draft: Draft,
    answers: Answers,
    profile: Profile,
    steps: StepCache,
    *,
    force: bool,
    found: Calibration,
    tell: Progress,
) -> Judged:
    samples, before, after = answers.samples, Predictor.load(source), Predictor.load(draft.bundle())
    other = Predictor.load(draft.bundle(), kernels="builtin")
    comparison = steps.run(
        "verify",
        lambda: _comparison_key(source, draft, samples),
        lambda: compare(before, after, answers, joined_parts(source), tell, other),
        ComparisonForm(),
    )
    peak = peak_memory_bytes(artefact.model, source.manifest.runtime)
    misfits = [sentence for sentence in [memory_misfit(peak, profile)] if sentence]
    gate = judge(comparison, profile.limits, random_inputs=found.kind == "random", force=force, misfits=misfits)
    float_ms, artefact_ms = median_ms((before, after), samples[0], lambda done: tell("time", done))
    judged = Judged(source, artefact, samples, comparison, gate, float_ms, artefact_ms, peak)
    folder_note = class_folder_note(source.manifest, (sample.label for sample in samples))
    return replace(judged, given=found.sounds or len(samples), folder_note=folder_note)
