"""`lepton bundle inspect | verify`: look into a bundle, replay its goldens."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import click

from edge_contracts.bundle import Bundle, read_bundle
from edge_contracts.errors import RefusedError


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def inspect(path: Path, *, as_json: bool) -> None:
    """Show what a bundle is, what it holds, and what was measured when it was made."""
    document = describe(read_bundle(path))
    click.echo(json.dumps(document, indent=2) if as_json else "\n".join(_lines(document)))


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--runtime", default="auto", show_default=True, type=click.Choice(["auto", "litert", "tflite", "onnx"]))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def verify(path: Path, runtime: str, *, as_json: bool) -> None:
    """Check every hash and replay the goldens with this machine's runtime.

    Exit code 1 if it answers differently. The hashes show damage, not origin: whoever can write the bundle can write
    them too.
    """
    from edge_runtime.infer.predictor import GoldenMismatch, Predictor  # noqa: PLC0415 - loads the runtime

    predictor = Predictor.open(path, runtime=runtime)
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
    }
    click.echo(json.dumps(document) if as_json else f"{predictor.manifest.name}: files whole, {replayed}")


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


def _lines(document: dict[str, Any]) -> list[str]:
    manifest = document["manifest"]
    head = [
        f"{manifest['name']} {manifest['sequence']}: {manifest['task']}, {manifest['precision']}, "
        f"for {manifest['profile']}, runs on {manifest['runtime']}",
        f"digest {document['digest']}",
        "",
    ]
    files = [f"  {file['bytes']:>10,}  {file['sha256'][:16]}  {file['path']}" for file in document["files"]]
    metrics = [f"  {name}: {_figure(metric)}" for name, metric in document["metrics"].items()]
    return [*head, "files (bytes, SHA-256)", *files, *(["", "metrics", *metrics] if metrics else [])]


def _figure(metric: dict[str, Any]) -> str:
    where = f", {metric['where']}" if metric["where"] else ""
    return f"{metric['value']:g} {metric['unit']} ({metric['how']}{where})"
