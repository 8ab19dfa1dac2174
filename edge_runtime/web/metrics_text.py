"""Metrics as Prometheus reads them: the text exposition format 0.0.4 (prometheus.io/docs/instrumenting)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from edge_runtime.web.verdict_meter import Histogram

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from edge_runtime.web.metrics import Metric, Reading

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def metrics_text(metrics: Iterable[Metric], reading: Reading) -> str:
    """Every metric with its samples, a line each."""
    return "".join(line + "\n" for metric in metrics for line in _metric(metric, reading))


def _metric(metric: Metric, reading: Reading) -> Iterator[str]:
    yield f"# HELP {metric.name} {_escaped(metric.help)}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for values, value in metric.read(reading):
        labels = tuple(zip(metric.labels, values, strict=True))
        if isinstance(value, Histogram):
            yield from _histogram(metric.name, labels, value)
        else:
            yield f"{metric.name}{_labels(labels)} {_number(value)}"


def _histogram(name: str, labels: tuple[tuple[str, str], ...], histogram: Histogram) -> Iterator[str]:
    for bound_s, count in histogram.buckets:
        yield f"{name}_bucket{_labels((*labels, ('le', _number(bound_s))))} {count}"
    yield f"{name}_sum{_labels(labels)} {_number(histogram.sum_s)}"
    yield f"{name}_count{_labels(labels)} {histogram.count}"


def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    told = ",".join(f'{name}="{_escaped(value, quotes=True)}"' for name, value in labels)
    return f"{{{told}}}" if told else ""


def _escaped(text: str, *, quotes: bool = False) -> str:
    escaped = text.replace("\\", r"\\").replace("\n", r"\n")
    return escaped.replace('"', r"\"") if quotes else escaped


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else f"{float(value):.15g}"
