"""docs/reference/manager-metrics.md, made from the table of metrics."""

from __future__ import annotations

from fleet_manager.api.metrics import METRICS

_HEAD = """# The manager's metrics

`/metrics` of the manager, in Prometheus' text format 0.0.4, for a token of a viewer: the devices of the sites that it
may see. What concerns all sites (alerts, refused messages) has no sample for a token of some. A metric of something
that a device never told has no sample either. The rate of the ingest is `rate(lepton_fleet_alerts_total[1m])`; on
PostgreSQL a batch that was rolled back leaves a hole in that count.

| metric | kind | labels | meaning |
|---|---|---|---|
"""


def metric_reference() -> str:
    """The page."""
    rows = (
        f"| `{one.name}` | {one.kind} | {', '.join(f'`{name}`' for name in one.labels) or '–'} | {one.help} |\n"
        for one in METRICS
    )
    return _HEAD + "".join(rows)
