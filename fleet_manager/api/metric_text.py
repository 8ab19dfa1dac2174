"""Metrics as Prometheus reads them: the text exposition format 0.0.4 (prometheus.io/docs/instrumenting)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleet_manager.api.metrics import Metric, Reading

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def metric_text(metrics: Iterable[Metric], reading: Reading) -> str:
    """Every metric with its samples, a line each."""
    return "".join(line + "\n" for metric in metrics for line in _lines(metric, reading))


def _lines(metric: Metric, reading: Reading) -> Iterator[str]:
    yield f"# HELP {metric.name} {_escaped(metric.help)}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for values, value in metric.read(reading):
        told = ",".join(f'{name}="{_quoted(text)}"' for name, text in zip(metric.labels, values, strict=True))
        yield f"{metric.name}{{{told}}} {_number(value)}" if told else f"{metric.name} {_number(value)}"


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else f"{float(value):.15g}"
