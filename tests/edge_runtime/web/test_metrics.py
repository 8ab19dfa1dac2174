from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from edge_runtime.units.command_metrics import command_metrics
from edge_runtime.units.line_metrics import line_metrics
from edge_runtime.units.running import Running
from edge_runtime.units.upload_metrics import upload_metrics
from edge_runtime.web.metrics import METRICS, Metric
from edge_runtime.web.metrics_text import metrics_text
from edge_runtime.web.verdict_meter import VerdictMeter
from tests.fakes.parts import inspected, verdict

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "metrics.md"
NOTHING: Any = None
ALL = (*METRICS, *line_metrics(Running()), *upload_metrics(Running()), *command_metrics(Running()))


def text_of(metric: Metric) -> str:
    return metrics_text([metric], NOTHING)


def test_every_metric_is_documented_as_it_is_and_no_other() -> None:
    rows = re.findall(r"^\| `(lepton_\w+)` \| (\w+) \| (.*?) \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    told = {name: (kind, tuple(re.findall(r"`(\w+)`", labels)), what) for name, kind, labels, what in rows}
    assert told == {metric.name: (metric.kind, metric.labels, metric.help) for metric in ALL}


def test_names_follow_the_conventions() -> None:
    assert len({metric.name for metric in ALL}) == len(ALL)
    for metric in ALL:
        assert re.fullmatch(r"lepton_[a-z_]+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind == "counter")


def test_labels_and_values_are_escaped() -> None:
    metric = Metric("m", "gauge", 'a\\b\nc"', ("part",), lambda _: [(('x"\\\n',), 0.1), (("inf",), float("inf"))])
    assert text_of(metric) == ('# HELP m a\\\\b\\nc"\n# TYPE m gauge\nm{part="x\\"\\\\\\n"} 0.1\nm{part="inf"} +Inf\n')


def test_numbers_keep_their_digits() -> None:
    metric = Metric("m", "counter", "h", (), lambda _: [((), 12_345_678_901), ((), float("nan"))])
    assert text_of(metric).splitlines()[2:] == ["m 12345678901", "m NaN"]


def test_a_histogram_has_buckets_sum_and_count() -> None:
    meter = VerdictMeter()
    meter.take(inspected(verdict(latency_ms=3.0)))
    lines = text_of(Metric("m", "histogram", "h", ("point",), lambda _: [(("gate",), meter.latencies()["gate"])]))
    assert 'm_bucket{point="gate",le="0.002"} 0\nm_bucket{point="gate",le="0.005"} 1\n' in lines
    assert lines.endswith('m_bucket{point="gate",le="+Inf"} 1\nm_sum{point="gate"} 0.003\nm_count{point="gate"} 1\n')
