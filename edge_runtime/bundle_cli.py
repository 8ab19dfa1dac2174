"""`lepton bundle inspect | verify`: look into a bundle, replay its goldens."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_contracts.bundle import Bundle, read_bundle
from edge_contracts.card_details import known_details
from edge_contracts.document_text import document_text
from edge_contracts.errors import RefusedError
from edge_contracts.gate_words import gate_in_words
from edge_contracts.rule_words import rule_in_words

if TYPE_CHECKING:
    from edge_contracts.card import Card
    from edge_contracts.card_details import DelegateDetails, DoctorDetails, SparsityDetails

WORST_LAYERS = 5
SHOWN_LABELS = 10
THOUSAND = 1000


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def inspect(path: Path, *, as_json: bool) -> None:
    """Show what a bundle is, what it holds, and what was measured when it was made."""
    content = read_bundle(path)
    document = describe(content)
    click.echo(document_text(document) if as_json else "\n".join(_lines(content, document)))


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--runtime", default="auto", show_default=True, type=click.Choice(["auto", "litert", "tflite", "onnx"]))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def verify(path: Path, runtime: str, *, as_json: bool) -> None:
    """Check every hash and replay the goldens with this machine's runtime.

    Says, too, what the gate found when it was made: by the card, which no hash covers.

    Exit code 1 if it answers differently. The hashes show damage, not origin: whoever can write the bundle can write
    them too.
    """
    from edge_runtime.infer.predictor import GoldenMismatch, Predictor  # noqa: PLC0415 - loads the runtime

    content = read_bundle(path)
    predictor = Predictor.load(content, runtime=runtime)
    recorded = predictor.manifest.golden
    try:
        predictor.verify_goldens()
    except GoldenMismatch as error:
        raise RefusedError(str(error)) from error
    count = len(recorded.goldens) if recorded else 0
    backend = predictor.backend
    ran_on = f"{backend.runtime} {backend.version}, {backend.kernels}"
    replayed = f"{count} goldens within tolerance ({ran_on})" if count else f"no goldens to replay; it loads ({ran_on})"
    document = {
        "name": predictor.manifest.name,
        "digest": predictor.digest,
        "goldens": count,
        "runtime": backend.runtime,
        "version": backend.version,
        "kernels": backend.kernels,
        "gate": content.card.gate.model_dump(mode="json") if content.card and content.card.gate else None,
    }
    told = f"{predictor.manifest.name}: files whole, {replayed}\nby its card: {gate_in_words(content.card)}"
    click.echo(document_text(document) if as_json else told)


def describe(content: Bundle) -> dict[str, Any]:
    """The bundle as one JSON document: `digest`, `manifest`, `files` (path, bytes, sha256), `metrics`, `card`."""
    card = content.card
    files = [
        {"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for path, data in sorted(content.members.items())
    ]
    return {
        "digest": content.digest,
        "manifest": content.manifest.model_dump(mode="json"),
        "files": files,
        "metrics": {m.name: m.model_dump(mode="json") for m in card.metrics} if card else {},
        "card": card.model_dump(mode="json") if card else None,
    }


def _lines(content: Bundle, document: dict[str, Any]) -> list[str]:
    manifest, card = content.manifest, content.card
    head = [
        f"{manifest.name} {manifest.sequence}: {manifest.task}, {manifest.precision}, "
        f"for {manifest.profile}, runs on {manifest.runtime}",
        f"digest {content.digest}",
        f"rule   {rule_in_words(manifest)}",
    ]
    if manifest.labels:
        head.append(f"labels {_labels(manifest.labels)}")
    if manifest.arena_bytes is not None:
        head.append(f"arena  {manifest.arena_bytes:,} bytes of activations")
    if card is not None and card.gate is not None:
        head += [f"gate   {card.gate.verdict} on {card.calibration}", *(f"       {one}" for one in card.gate.reasons)]
    files = [f"  {file['bytes']:>10,}  {file['sha256'][:16]}  {file['path']}" for file in document["files"]]
    metrics = [f"  {name}: {_figure(metric)}" for name, metric in document["metrics"].items()]
    notes = [f"  {note}" for note in card.notes] if card else []
    sections = {"notes": notes, "files (bytes, SHA-256)": files, "metrics": metrics, **(_details(card) if card else {})}
    return [*head, *(line for title, rows in sections.items() if rows for line in ("", title, *rows))]


def _labels(labels: tuple[str, ...]) -> str:
    more = len(labels) - SHOWN_LABELS
    return ", ".join(labels[:SHOWN_LABELS]) + (f" and {more} more" if more > 0 else "")


def _details(card: Card) -> dict[str, list[str]]:
    """What the card tells beside figures, a title and its lines each."""
    found = known_details(card)
    if found is None:
        return {"details": ["  written in a form that is not known here; --json shows them"]}
    return {
        "weights": _weights(found.sparsity),
        "rounding": [f"  {one}" for one in found.doctor.sentences] if found.doctor else [],
        "layers that lose most by themselves": _layers(found.doctor),
        "accelerators": [_delegate(one) for one in found.delegates],
    }


def _weights(sparsity: SparsityDetails | None) -> list[str]:
    if sparsity is None or not sparsity.float_model.weights:
        return []
    shares = sparsity.float_model
    removed = f"; {sparsity.removed_channels} dead channels taken out" if sparsity.removed_channels else ""
    return [
        f"  {100 * shares.dense:.1f} % of {shares.weights:,} not zero, "
        f"{100 * shares.structured:.1f} % in zero filters, {100 * shares.unstructured:.1f} % zero among others{removed}"
    ]


def _layers(doctor: DoctorDetails | None) -> list[str]:
    if doctor is None:
        return []
    return [
        f"  {layer.own_db:>6.1f} dB  {100 * layer.weight_share:>3.0f} % by weights  {layer.kind}  "
        # Exporters join the names of what they fused.
        f"{layer.name.partition(';')[0]}"
        for layer in doctor.worst(WORST_LAYERS)
    ]


def _delegate(one: DelegateDetails) -> str:
    if one.refused:
        return f"  {one.title}: its compiler refuses this network"
    taken, every = one.counts.get("accelerator", 0), sum(one.counts.values())
    return f"  {one.title}: {'all' if one.fits else taken} {f'of {every} ' if not one.fits else ''}operators run on it"


def _figure(metric: dict[str, Any]) -> str:
    where = f", {metric['where']}" if metric["where"] else ""
    unit = "" if metric["unit"] == "1" else f" {metric['unit']}"
    value = f"{metric['value']:,.0f}" if abs(metric["value"]) >= THOUSAND else f"{metric['value']:g}"
    return f"{value}{unit} ({metric['how']}{where})"
