"""The slider: what a threshold would have done to the last scores, and putting one in force."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.routing import Route

from edge_contracts.manifest import ClassRule
from edge_runtime.inspection.far_threshold import far_from_scores
from edge_runtime.inspection.sensitivity import Author
from edge_runtime.web.answer import JsonAnswer
from edge_runtime.web.desk import body, done, text_of
from edge_runtime.web.live_routes import finite
from edge_runtime.web.shortly import shortly

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from edge_runtime.web.desk import Desk
    from edge_runtime.web.insight import PointFace

_BODY_MAX: Final = 4096
_WANTED: Final = 'wanted {"threshold": a number or null}'


def sensitivity_routes(desk: Desk) -> list[Route]:
    """`/points/{point}/sensitivity`: GET what is known, POST `{"threshold": number or null, "name": …, "sure": …}`."""

    async def sensitivity(request: Request) -> Response:
        face = desk.point(request)
        if request.method == "POST":
            threshold, name, is_sure = _asked_for(await body(request, _BODY_MAX))
            if not is_sure:
                _must_be_near(desk, face, threshold)
            author = Author(name, request.client.host if request.client else "")
            await done(desk.filing, lambda: face.sensitivity.apply(threshold, author))
        return JsonAnswer(_known(desk, face))

    return [Route("/points/{point}/sensitivity", sensitivity, methods=["GET", "POST"])]


def _must_be_near(desk: Desk, face: PointFace, threshold: float | None) -> None:
    sensitivity, is_probability = face.sensitivity, isinstance(face.manifest.rule, ClassRule)
    if threshold is None or not math.isfinite(threshold) or is_probability or not sensitivity.can_be_set:
        return
    known = [score.score for score in desk.scores.scores(face.name, face.digest)]
    if sentence := far_from_scores(threshold, [*known, sensitivity.own, sensitivity.bundles]):
        raise HTTPException(409, f'{sentence}; send "sure": true if it is meant')


def _known(desk: Desk, face: PointFace) -> dict[str, Any]:
    sensitivity = face.sensitivity
    scores = desk.scores.scores(face.name, face.digest)
    return {
        "point": face.name,
        "kind": face.manifest.rule.kind,
        "threshold": finite(sensitivity.in_force),
        "own": finite(sensitivity.own),
        "bundles": finite(sensitivity.bundles),
        "applied": sensitivity.is_applied,
        "adjustable": sensitivity.can_be_set,
        "notice": sensitivity.notice,
        "scores": [float(f"{score.score:.7g}") for score in scores],
        "good_labels": [score.good_label for score in scores] if isinstance(face.manifest.rule, ClassRule) else None,
        "fixed": [score.fixed.value if score.fixed else None for score in scores],
        "damaged_bytes": desk.scores.counts.damaged_bytes,
    }


def _asked_for(content: bytes) -> tuple[float | None, str, bool]:
    try:
        document = json.loads(content)
        threshold = document["threshold"]
        is_number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
        value = float(threshold) if is_number else None
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise HTTPException(400, f"{_WANTED}, found something else ({error})") from error
    if threshold is not None and not is_number:
        raise HTTPException(400, f"{_WANTED}, found {shortly(threshold)}")
    return value, text_of(document, "name"), document.get("sure") is True
