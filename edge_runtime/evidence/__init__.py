"""The pictures behind verdicts, on the board's disk: what is kept, for how long, and what of a defect's moment."""

from edge_runtime.evidence.store import EvidenceCounts, EvidenceStore

__all__ = ["EvidenceCounts", "EvidenceStore"]
