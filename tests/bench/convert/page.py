"""The results as one HTML page to look at: each demand as a bar of ours over theirs, red where it is missed."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STYLE = """
body { font: 14px/1.4 sans-serif; margin: 2em; color: #222 } h2 { margin: 1.6em 0 .4em }
table { border-collapse: collapse } td, th { padding: 2px 10px; text-align: right } td:first-child { text-align: left }
.met { background: #d9efd9 } .missed { background: #f6c9c4 } .bar { fill: #5a8f5a } .bar.missed { fill: #c0483c }
"""
TITLES = {
    "agreement": "Agreement with float, ours − theirs, points",
    "signal": "Signal to noise, ours − theirs, dB",
    "size": "Size, ours / theirs",
    "latency": "Latency, ours / theirs",
    "time": "Conversion time file to file, ours / theirs",
    "whole": "Time of the whole lepton convert, ours / theirs",
}


def write_page(document: Mapping[str, Any], path: Path) -> None:
    """One self-contained file."""
    parts = [f"<!doctype html><meta charset=utf-8><title>bench-convert</title><style>{STYLE}</style>"]
    machine = document["machine"]
    said = f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}; latency on one thread"
    met = sum(verdict["met"] for verdict in document["verdicts"])
    parts += [f"<h1>Converter against the field</h1><p>{escape(said)}</p>"]
    parts += [f"<p>{met} of {len(document['verdicts'])} demands met; a bar grows with the difference.</p>"]
    for what, title in TITLES.items():
        cells = [verdict for verdict in document["verdicts"] if verdict["what"] == what]
        if cells:
            parts.append(f"<h2>{escape(title)}</h2>{_table(cells, what)}")
    path.write_text("".join(parts), "utf-8")


def _table(cells: list[Mapping[str, Any]], what: str) -> str:
    peers = list(dict.fromkeys(cell["peer"] for cell in cells))
    head = "".join(f"<th>{escape(peer)}</th>" for peer in peers)
    rows = []
    for network in dict.fromkeys(cell["network"] for cell in cells):
        of_network = {cell["peer"]: cell for cell in cells if cell["network"] == network}
        rows.append(
            f"<tr><td>{escape(network)}</td>{''.join(_cell(of_network.get(peer), what) for peer in peers)}</tr>"
        )
    return f"<table><tr><th></th>{head}</tr>{''.join(rows)}</table>"


def _cell(cell: Mapping[str, Any] | None, what: str) -> str:
    if cell is None:
        return "<td>–</td>"
    apart = cell["ours"] - cell["theirs"]
    said = {"agreement": f"{100 * apart:+.2f}", "signal": f"{apart:+.1f}"}.get(what, f"{cell['ratio']:.3f}")
    # A bar grows with the logarithm: half and double look alike.
    reach = (
        20 * abs(apart) if what == "agreement" else abs(apart) if what == "signal" else abs(math.log2(cell["ratio"]))
    )
    kind = "met" if cell["met"] else "missed"
    bar = f'<svg width=44 height=8><rect class="bar {kind}" width={min(44.0, 9 * reach):.1f} height=8 /></svg>'
    return f"<td class={kind}>{said} {bar}</td>"
