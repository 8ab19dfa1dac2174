"""How an anchor-free detector is taught and scored: which place of its grids answers for which box.

A box belongs to the finer grid unless its distances reach too far there; the places near its centre answer for it, as
in FCOS with centre sampling (Tian et al. 2019). Classes are taught with the focal loss (Lin et al. 2017), distances as
distributions over bins (Li et al. 2020). Scores are counted from what the board's own decoder finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from edge_contracts.manifest import BoxHead
from edge_runtime.heads.candidates import CandidateReader
from edge_runtime.heads.places import cells_of
from training.networks.anchor_free import BINS, STRIDES

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

NEAR = 1.5
"""Places whose centre is within so many strides of a box's centre answer for it."""

ALPHA, GAMMA = 0.25, 2.0
"""Of the focal loss, as published."""

FOUND_SCORE, SAME = 0.5, 0.5
"""A found box counts from this score on, and is the wanted one from this overlap on."""

_FURTHEST = BINS - 1 - 1e-3


@dataclass(frozen=True, slots=True)
class Boxes:
    """Boxes with classes; answers are N×places×(4·BINS + classes). The score is F1 of the boxes that were found.

    classes: how many. height_px, width_px: of the network's input.
    """

    classes: int
    height_px: int
    width_px: int

    def loss(self, answers: Any, wanted: Any) -> Any:
        """Focal loss of the classes and cross-entropy of the distances, per answering place."""
        distances, logits = answers[..., : 4 * BINS], answers[..., 4 * BINS :]
        answering, label, reach = self._targets(wanted)
        true = functional.one_hot(label, self.classes).to(logits.dtype) * answering[..., None]
        count = answering.sum().clamp(min=1)
        right = torch.sigmoid(logits) * true + torch.sigmoid(-logits) * (1 - true)
        weight = (ALPHA * true + (1 - ALPHA) * (1 - true)) * (1 - right) ** GAMMA
        plain = functional.binary_cross_entropy_with_logits(logits, true, reduction="none")
        bins = distances.reshape(*distances.shape[:2], 4, BINS)[answering]
        return (weight * plain).sum() / count + _between_bins(bins, reach[answering]) / count

    def distance(self, answers: Any, taught: Any, temperature: float) -> Any:  # noqa: ARG002 - the protocol's
        """Squared distance of all answers: boxes have no common softmax."""
        return functional.mse_loss(answers, taught)

    def score(self, answers: Any, wanted: Any) -> Any:
        """F1 per picture, 1 where nothing is wanted and nothing is found."""
        head = BoxHead(boxes="distances", scores="sigmoid", strides=STRIDES, bins=BINS)
        reader = CandidateReader(head, self.classes, (self.height_px, self.width_px))
        size = np.array([self.width_px, self.height_px] * 2, np.float32)
        scores = []
        for raw, rows in zip(answers.float().cpu().numpy(), wanted.cpu().numpy(), strict=True):
            found = reader.read({"candidates": raw[None]})
            if found is None:
                scores.append(0.0)
                continue
            kept = found.scores >= FOUND_SCORE
            true = rows[rows[:, 0] >= 0]
            scores.append(f1(found.corners[kept] * size, found.labels[kept], true[:, 1:], true[:, 0]))
        return torch.tensor(scores)

    def _targets(self, wanted: Any) -> tuple[Any, Any, Any]:
        """N×places: whether it answers for a box; that box's class; N×places×4 its distances in strides."""
        places = self._places(wanted.device)
        label, corners = wanted[..., 0], wanted[..., 1:]
        centre, stride = places[:, None, :2], places[:, None, 2]
        reach = torch.cat([centre - corners[:, None, :, :2], corners[:, None, :, 2:] - centre], dim=-1)
        reach = reach / stride[..., None]
        side = (corners[..., 2:] - corners[..., :2]).amax(dim=-1)
        grid = torch.where(side <= _FURTHEST * STRIDES[0], STRIDES[0], STRIDES[1])[:, None, :]
        away = (centre - (corners[:, None, :, :2] + corners[:, None, :, 2:]) / 2).abs().amax(dim=-1) / stride
        is_box, is_grid = (label >= 0)[:, None, :], grid == stride
        near = is_box & is_grid & (away < NEAR) & (reach.amin(dim=-1) > 0)
        # A box between two centres has no place within it: the nearest answers.
        lone = is_box & ~near.any(dim=1, keepdim=True)
        near |= lone & (away == torch.where(is_grid, away, torch.inf).amin(dim=1, keepdim=True)) & is_grid
        area = (corners[..., 2:] - corners[..., :2]).prod(dim=-1)[:, None, :].expand_as(near)
        chosen = torch.where(near, area, torch.inf).argmin(dim=2)
        reach = reach.gather(2, chosen[..., None, None].expand(-1, -1, 1, 4)).squeeze(2).clamp(0.0, _FURTHEST)
        return near.any(dim=2), label.gather(1, chosen).clamp(min=0).long(), reach

    def _places(self, device: Any) -> Any:
        """Places×3: x and y of each centre in pixels, and its stride."""
        return torch.from_numpy(cells_of(STRIDES, (self.height_px, self.width_px))[:, :3]).to(device)


def f1(found: Array, found_labels: npt.NDArray[Any], wanted: Array, wanted_labels: npt.NDArray[Any]) -> float:
    """Harmonic mean of precision and recall; each wanted box is found once, by the best box of its class.

    Args:
        found: M×4: x1, y1, x2, y2, best first.
        found_labels: M class numbers.
        wanted: K×4.
        wanted_labels: K class numbers.
    """
    if not len(found) and not len(wanted):
        return 1.0
    open_, hits = list(range(len(wanted))), 0
    for box, label in zip(found, found_labels, strict=True):
        alike = [place for place in open_ if wanted_labels[place] == label]
        best = max(alike, key=lambda place: overlap(box, wanted[place]), default=None)
        if best is not None and overlap(box, wanted[best]) >= SAME:
            open_.remove(best)
            hits += 1
    return 2 * hits / (len(found) + len(wanted))


def overlap(one: Array, other: Array) -> float:
    """Intersection over union of two boxes, x1, y1, x2, y2 each."""
    shared = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    both = float(np.prod(np.maximum(shared, 0)))
    areas = float(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]))
    return both / (areas - both) if areas > both else 0.0


def _between_bins(bins: Any, reach: Any) -> Any:
    """Cross-entropy with the two bins that a distance lies between, sum over places, mean over the four sides."""
    low = reach.floor().long()
    share = reach - low
    logs = functional.log_softmax(bins, dim=-1)
    below = logs.gather(-1, low[..., None]).squeeze(-1)
    above = logs.gather(-1, low[..., None] + 1).squeeze(-1)
    return -((1 - share) * below + share * above).mean(dim=-1).sum()
