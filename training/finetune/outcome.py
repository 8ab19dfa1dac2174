"""What a network's training is told as: the document of `--json`, the lines of a terminal, the bundle's card."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from converters.artefact import precision_shares
from converters.tflite import read_tflite
from edge_contracts.card import Card, Measurement
from training.networks.network import NETWORKS

if TYPE_CHECKING:
    from pathlib import Path

    from edge_contracts.bundle import Bundle
    from training.finetune.cost import Bench
    from training.finetune.loop import Room
    from training.finetune.stages import Plan, Stage
    from training.finetune.teaching_set import TeachingSet

MEASURES = {"classes": "accuracy", "masks": "overlap", "boxes": "F1"}
"""What the score of each task is called."""


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """All that was made.

    bench: where networks of its kind are made into int8 files. notes: sentences on the data, for the user.
    """

    parted: TeachingSet
    plan: Plan
    room: Room
    stages: tuple[Stage, ...]
    bundle: Bundle
    bench: Bench
    notes: tuple[str, ...] = ()

    def cost(self) -> tuple[int, float]:
        """Bytes and milliseconds of the int8 file that the bundle becomes, calibrated by the quickest rule."""
        made = self.bench.int8_bundle(self.bundle)
        return len(made.model), self.bench.timed(made)

    @property
    def measure(self) -> str:
        """What the stages' scores are called."""
        return MEASURES[NETWORKS[self.plan.spec.name].task]

    @property
    def sentence(self) -> str:
        """What was trained, on what."""
        return (
            f"{self.plan.spec.name} on {len(self.parted.learned)} {self.medium} of {len(self.parted.labels)} classes, "
            f"{len(self.parted.held_out)} held out."
        )

    @property
    def medium(self) -> str:
        """What was learned from."""
        return "recordings" if self.bundle.manifest.input.kind == "sound" else "pictures"

    def document(self, output: Path, digest: str, spent_s: float) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "bundle": str(output),
            "name": self.bundle.manifest.name,
            "digest": digest,
            "network": self.plan.spec.name,
            "parameters": sum(value.numel() for value in self.stages[-1].network.parameters()),
            "input": {"height_px": self.plan.spec.height_px, "width_px": self.plan.spec.width_px},
            "labels": list(self.parted.labels),
            "good": list(self.parted.good),
            "medium": self.medium,
            "pictures": {"learned": len(self.parted.learned), "held_out": len(self.parted.held_out)},
            "weights": self._weights(),
            "device": self.room.device,
            "stages": [_told(stage) for stage in self.stages],
            "measure": self.measure,
            "score": self.stages[-1].best.score,
            "model_bytes": len(self.bundle.model),
            "seconds": round(spent_s, 2),
            "note": "; ".join(self.notes),
        }

    def card(self) -> Card:
        """The bundle's card, with this moment's time."""
        return Card(
            created=datetime.now(timezone.utc),
            tool=f"lepton-edge {version('lepton-edge')}",
            profile="none",
            calibration=f"{len(self.parted.learned)} {self.medium} of {len(self.parted.labels)} classes",
            precision=precision_shares(read_tflite(self.bundle.model)),
            metrics=(
                Measurement(name=f"held_out_{self.measure.lower()}", value=self.stages[-1].best.score, unit="share"),
                Measurement(name="model_bytes", value=len(self.bundle.model), unit="bytes"),
            ),
            notes=(
                f"The {self.measure} is of {len(self.parted.held_out)} {self.medium} that were held out and chose the "
                "step whose weights were kept; judge on others before you trust it.",
                *self.notes,
            ),
            details={"stages": [_told(stage) for stage in self.stages]},
        )

    def _weights(self) -> dict[str, Any] | None:
        weights, taken = self.plan.weights, self.stages[0].taken
        if weights is None or taken is None:
            return None
        return {
            "source": weights.source,
            "sha256": weights.sha256,
            "tensors": taken.tensors,
            "fresh": list(taken.fresh),
        }


def outcome_text(document: dict[str, Any]) -> str:
    """The document for a terminal."""
    pictures, size, medium = document["pictures"], document["input"], document["medium"]
    unit = "spectra by bands" if medium == "recordings" else "px"
    judged = f"{pictures['held_out']} held-out {medium}"
    return "\n".join(
        (
            f"trained {document['network']} ({document['parameters']:,} parameters, {size['height_px']}×"
            f"{size['width_px']} {unit}) on {pictures['learned']} {medium} of {len(document['labels'])} classes in "
            f"{document['seconds']:.0f} s on {document['device']}",
            *([_begun(document["weights"])] if document["weights"] else []),
            *(_stage(stage, document["measure"], judged) for stage in document["stages"]),
            *([f"note: {document['note']}"] if document["note"] else []),
            f"wrote {document['bundle']}: model {document['model_bytes']:,} bytes; next: lepton convert",
        )
    )


def _begun(weights: dict[str, Any]) -> str:
    afresh = f"; the last layer is for other classes and began afresh ({', '.join(weights['fresh'])})"
    return (
        f"began with {weights['tensors']} tensors of {weights['source']} (SHA-256 {weights['sha256']})"
        f"{afresh if weights['fresh'] else ''}"
    )


def _stage(stage: dict[str, Any], measure: str, judged: str) -> str:
    gone = f", {stage['channels_gone']:.0%} of the channels gone" if stage["name"] == "prune" else ""
    return (
        f"{stage['name']}: {measure} {stage['score']:.3f} on {judged}, at step "
        f"{stage['best_step']} of {stage['steps']}{gone}"
    )


def _told(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "steps": stage.looks[-1].step,
        "best_step": stage.best.step,
        "score": stage.best.score,
        "channels_gone": round(stage.share, 4),
        "looks": [asdict(look) for look in stage.looks],
    }
